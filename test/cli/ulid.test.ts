import { expect, it } from "vitest";

import { ulid } from "../../src/cli/ulid.ts";

it("encodes time and random bytes as the specification's example does", () => {
  expect(ulid(1469918176385, new Uint8Array(10))).toBe("01ARYZ6S410000000000000000");
  expect(ulid(0, new Uint8Array(10).fill(255))).toBe("0000000000ZZZZZZZZZZZZZZZZ");
});

it("sorts by time", () => {
  const random = new Uint8Array(10).fill(7);
  const times = [1, 31, 32, 1_700_000_000_000, 1_700_000_000_001];
  const ids = times.map((time) => ulid(time, random));
  expect(ids.toSorted()).toEqual(ids);
});
