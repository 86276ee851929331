import { expect, it } from "vitest";

import { columns, printable, truncate } from "../../src/report/text.ts";

it("shows control characters instead of sending them to the terminal", () => {
  expect(printable("a\u001b[2Jb\u009bc\nd")).toBe(String.raw`a\x1b[2Jb\x9bc\x0ad`);
});

it("shows characters that reorder a line", () => {
  expect(printable("a\u202eb")).toBe(String.raw`a\u202eb`);
});

it("leaves letters of every language as they are", () => {
  expect(printable("grün → 日本")).toBe("grün → 日本");
});

it("cuts only what is too long", () => {
  expect(truncate("abcdef", 6, "…")).toBe("abcdef");
  expect(truncate("abcdefg", 6, "…")).toBe("abcde…");
  expect(truncate("abc", 0, "…")).toBe("…");
});

it("makes every column as wide as its widest cell", () => {
  expect(
    columns([
      ["a", "bb", "c"],
      ["aaa", "b", ""],
    ]),
  ).toEqual(["a     bb   c", "aaa   b"]);
});
