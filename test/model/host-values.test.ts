import { describe, expect, it } from "vitest";

import { holdsPlaceholder, reveal, revealAll } from "../../src/model/host-values.ts";

const ONE = `hosts:${"0123456789abcdef".repeat(2)}`;
const TWO = `hosts:${"fedcba9876543210".repeat(2)}`;
const values = { [ONE]: "a$&b", [TWO]: ONE };

describe("values of the host", () => {
  it("are put in the place of their placeholders, letter by letter and once", () => {
    expect(reveal(`x ${ONE} ${TWO}`, values)).toBe(`x a$&b ${ONE}`);
    expect(revealAll({ A: ONE, B: "plain" }, values)).toEqual({ A: "a$&b", B: "plain" });
  });

  it("are never left out: a placeholder that is not known is an error", () => {
    expect(() => reveal(ONE, {})).toThrowError(expect.objectContaining({ code: "internal" }));
  });

  it("are told from other texts by the whole form of a placeholder", () => {
    expect([ONE, `x${ONE}y`, "hosts:12", "hosts: file", ONE.toUpperCase()].map(holdsPlaceholder)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
