import fc from "fast-check";
import { expect, test } from "vitest";

import { canonicalJson, sha256, sorted } from "../../src/model/json.ts";

test("keys are sorted by code unit at every level, and undefined members are left out", () => {
  expect(canonicalJson({ b: [{ z: 1, y: undefined, a: null }], B: "x", a: true })).toBe(
    '{"B":"x","a":true,"b":[{"a":null,"z":1}]}',
  );
});

test("the text means the same as the value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("a value in canonical order is returned itself, another as a copy", () => {
  const inOrder = { a: { b: 1, c: [{ d: 1 }] }, e: 2 };
  const outOfOrder = { a: { c: 1, b: 2 } };
  expect(sorted(inOrder)).toBe(inOrder);
  expect(Object.keys(sorted(outOfOrder).a)).toEqual(["b", "c"]);
  expect(Object.keys(outOfOrder.a)).toEqual(["c", "b"]);
});

test("hashes are those of SHA-256", () => {
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(sha256("é")).toBe(sha256("\u00e9"));
});
