import { expect, test } from "vitest";

import { nearest } from "../../src/model/nearest.ts";

const keys = ["image", "profile", "resources", "env", "state"];

test.each([
  ["imagee", "image"],
  ["Image", "image"],
  ["profil", "profile"],
  ["resuorces", "resources"],
  ["evn", "env"],
  ["en", "env"],
  ["ports", undefined],
  ["", undefined],
  ["x".repeat(100), undefined],
])("of the known keys, %j is nearest to %j", (written, expected) => {
  expect(nearest(written, keys)).toBe(expected);
});

test("the first of several equally near names is taken", () => {
  expect(nearest("cat", ["bat", "car"])).toBe("bat");
});
