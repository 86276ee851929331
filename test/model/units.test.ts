import fc from "fast-check";
import { expect, test } from "vitest";

import { MEMORY_PATTERN, memoryText, parseCpus, parseMemory } from "../../src/model/units.ts";

test.each([
  [0, 0],
  [1073741824, 1073741824],
  ["1073741824", 1073741824],
  ["512b", 512],
  ["1k", 1024],
  ["1K", 1024],
  ["1kb", 1024],
  ["1KB", 1024],
  ["1Ki", 1024],
  ["1KiB", 1024],
  ["512m", 512 * 1024 ** 2],
  ["512 MiB", 512 * 1024 ** 2],
  ["2GB", 2 * 1024 ** 3],
  ["1.5g", 1.5 * 1024 ** 3],
  ["0.5GiB", 512 * 1024 ** 2],
  ["1T", 1024 ** 4],
])("memory %j is %i bytes", (written, bytes) => {
  expect(parseMemory(written)).toEqual({ value: bytes });
});

test.each([
  "",
  " 1g",
  "1g ",
  "1  g",
  "g",
  "-1",
  "+1",
  "1e3",
  "0x10",
  "1.g",
  ".5g",
  "1p",
  "1gib.",
  "1bb",
  "1ib",
  "one",
  1.5,
  -1,
  1e300,
  "0.1g",
  "9999999t",
  Number.NaN,
])("memory %j is refused", (written) => {
  expect(parseMemory(written)).toHaveProperty("problem");
});

test.each([
  [2, 2e9],
  [0.5, 5e8],
  [1.1, 1_100_000_000],
  [0.000000001, 1],
  [1e-7, 100],
  ["1.5", 1.5e9],
  ["0", 0],
  ["2.000000000", 2e9],
])("%j CPUs are %i billionths", (written, nano) => {
  expect(parseCpus(written)).toEqual({ value: nano });
});

test.each(["", "two", "-1", "1e1", "1.", ".5", "50%", 1e-10, 0.1234567891, -0.5, 1e30, Number.POSITIVE_INFINITY])(
  "%j CPUs are refused",
  (written) => {
    expect(parseCpus(written)).toHaveProperty("problem");
  },
);

test("bytes survive being written in any unit that divides them", () => {
  const units = ["b", "k", "MiB", "GB", "Ti"];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4096 }), fc.integer({ min: 0, max: 4 }), (amount, power) => {
      expect(parseMemory(`${amount}${units[power]}`)).toEqual({ value: amount * 1024 ** power });
    }),
  );
});

test("CPUs with up to nine decimals are exact, as a number and as a text", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64e9 }), (nano) => {
      const written = `${Math.floor(nano / 1e9)}.${String(nano % 1e9).padStart(9, "0")}`;
      expect(parseCpus(written)).toEqual({ value: nano });
      expect(parseCpus(Number(written))).toEqual({ value: nano });
    }),
  );
});

test("the pattern for editors accepts exactly what is read, up to its size", () => {
  const pattern = new RegExp(MEMORY_PATTERN);
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9]{0,3}(\.[0-9]{0,2})?[ ]?[bkmgtiBKMGTI]{0,3}$/), (written) => {
      const { problem } = parseMemory(written) as { problem?: string };
      const isForm = problem === undefined || /whole number|more memory/.test(problem);
      expect(pattern.test(written)).toBe(isForm);
    }),
  );
});

test.each([
  [512, "512 B"],
  [1536, "1.5 KiB"],
  [4 * 1024 ** 3, "4 GiB"],
  [8_347_131_904, "7.8 GiB"],
  [1023, "1023 B"],
])("%i bytes read %s", (bytes, text) => {
  expect(memoryText(bytes)).toBe(text);
});
