import { describe, expect, it } from "vitest";

import { dearest, wayOf } from "../../src/reconcile/fields.ts";

describe("the field table", () => {
  it.each([
    ["/resources/memory", "change", false, "update"],
    ["/resources/memory", "change", true, "replace"],
    ["/resources/pids", "change", true, "update"],
    ["/network/networks/devc-acme-web", "heal", false, "connect"],
    ["/network/networks/devc-acme-web", "change", false, "replace"],
    ["/network/mode", "heal", false, "replace"],
    ["/env/NODE_ENV", "change", false, "replace"],
    ["/image", "change", false, "none"],
  ] as const)("says what %s costs (%s, lifted %s)", (path, cause, lifted, way) => {
    expect(wayOf(path, cause, lifted)).toBe(way);
  });

  it("refuses a field it does not know, so that a new one must say what it costs", () => {
    expect(() => wayOf("/sysctls/x", "change", false)).toThrowError("/sysctls/x");
  });

  it("takes the dearest of several ways", () => {
    expect(dearest(["update", "none", "connect"])).toBe("connect");
    expect(dearest([])).toBe("none");
  });
});
