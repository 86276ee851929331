import { expect, it } from "vitest";

import { formatBytes, formatCpus, formatDuration, plural } from "../../src/report/units.ts";

it.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1 KiB"],
  [1536 * 1024, "1.5 MiB"],
  [4 * 1024 ** 3, "4 GiB"],
  [3 * 1024 ** 4, "3 TiB"],
  [5000 * 1024 ** 4, "5000 TiB"],
])("%d bytes read %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [2e9, "2"],
  [5e8, "0.5"],
  [1, "0.000000001"],
])("%d billionths of a CPU read %s", (nanoCpus, text) => {
  expect(formatCpus(nanoCpus)).toBe(text);
});

it.each([
  [0, "0 ms"],
  [118.4, "118 ms"],
  [999, "999 ms"],
  [4200, "4.2 s"],
  [59_990, "1 min"],
  [61_000, "1 min 1 s"],
  [3_600_000, "1 h"],
  [7_440_000, "2 h 4 min"],
  [90_000_000, "1 d 1 h"],
])("%d ms read %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it("counts one thing and many things", () => {
  expect([plural(1, "volume"), plural(0, "volume"), plural(2, "sandbox", "sandboxes")]).toEqual([
    "1 volume",
    "0 volumes",
    "2 sandboxes",
  ]);
});
