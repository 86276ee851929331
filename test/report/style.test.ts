import { describe, expect, it } from "vitest";

import { detectStyle, paint, symbol } from "../../src/report/style.ts";

type Env = Record<string, string>;
const detect = (
  stream: { isTTY?: boolean; columns?: number },
  env: Env,
  noColor = false,
  platform = "linux" as const,
) => detectStyle(stream, env, { noColor, platform });

describe("colour", () => {
  it.each<[string, boolean, Env, boolean, boolean]>([
    ["is on for a terminal", true, {}, false, true],
    ["is off for a pipe", false, {}, false, false],
    ["is off for a dumb terminal", true, { TERM: "dumb" }, false, false],
    ["is off with NO_COLOR", true, { NO_COLOR: "1" }, false, false],
    ["is on with an empty NO_COLOR, which means unset", true, { NO_COLOR: "" }, false, true],
    ["is on for a pipe with FORCE_COLOR", false, { FORCE_COLOR: "1" }, false, true],
    ["is off with FORCE_COLOR=0", true, { FORCE_COLOR: "0" }, false, false],
    ["follows FORCE_COLOR before NO_COLOR", false, { FORCE_COLOR: "1", NO_COLOR: "1" }, false, true],
    ["is off with --no-color whatever else is said", true, { FORCE_COLOR: "1" }, true, false],
  ])("%s", (_title, isTTY, env, noColor, expected) => {
    expect(detect({ isTTY }, env, noColor).color).toBe(expected);
  });
});

describe("symbols", () => {
  it.each<[string, Env, boolean]>([
    ["may be used with a UTF-8 locale", { LANG: "de_DE.UTF-8" }, true],
    ["may be used where no locale is set", {}, true],
    ["are ASCII in the C locale", { LANG: "C" }, false],
    ["are ASCII in a locale of another character set", { LC_ALL: "de_DE.ISO-8859-1", LANG: "de_DE.UTF-8" }, false],
    ["are ASCII on the Linux console", { TERM: "linux", LANG: "C.UTF-8" }, false],
  ])("%s", (_title, env, expected) => {
    expect(detect({ isTTY: true }, env).unicode).toBe(expected);
  });

  it("have an ASCII form", () => {
    const style = { color: false, unicode: false, width: 80 };
    expect([symbol(style, "replace"), symbol({ ...style, unicode: true }, "replace")]).toEqual(["+-", "±"]);
  });
});

it("wraps nothing where the stream is no terminal", () => {
  expect(detect({ columns: 80 }, {}).width).toBe(Number.POSITIVE_INFINITY);
  expect(detect({ isTTY: true, columns: 100 }, {}).width).toBe(100);
});

it("paints only where colour is on", () => {
  expect(paint({ color: true, unicode: true, width: 80 }, "red", "x")).toBe("\u001b[31mx\u001b[0m");
  expect(paint({ color: false, unicode: true, width: 80 }, "red", "x")).toBe("x");
});
