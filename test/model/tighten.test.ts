import fc from "fast-check";
import { expect, test } from "vitest";

import { PROFILES } from "../../src/model/profiles.ts";
import type { Posture } from "../../src/model/profiles.ts";
import { isWithin, narrower } from "../../src/model/tighten.ts";

const limit = fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined });
const posture: fc.Arbitrary<Posture> = fc
  .record({
    network: fc.constantFrom("none" as const, "allowlist" as const, "open" as const),
    limits: fc.record({ memory: limit, nanoCpus: limit, pids: limit }),
    capabilities: fc.subarray(["CHOWN" as const, "KILL" as const, "SETUID" as const]),
    noNewPrivileges: fc.boolean(),
    gpus: fc.boolean(),
  })
  .map(({ limits, ...rest }) => ({
    ...rest,
    resources: Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
  }));

test("the built-in profiles go from narrow to wide", () => {
  const { strict, moderate, permissive } = PROFILES;
  expect([isWithin(strict, moderate), isWithin(moderate, permissive)]).toEqual([true, true]);
  expect([isWithin(moderate, strict), isWithin(permissive, moderate)]).toEqual([false, false]);
});

test.each<[string, Partial<Posture>]>([
  ["the network", { network: "open" }],
  ["one limit", { resources: { ...PROFILES.strict.resources, pids: 513 } }],
  ["a limit that is not there", { resources: { memory: 1, nanoCpus: 1 } }],
  ["one capability", { capabilities: ["KILL"] }],
  ["gaining privileges", { noNewPrivileges: false }],
])("a posture that is wider in %s only is not within the other", (_title, wider) => {
  expect(isWithin(PROFILES.strict, PROFILES.strict)).toBe(true);
  expect(isWithin({ ...PROFILES.strict, ...wider }, PROFILES.strict)).toBe(false);
});

test("the narrower of two is within both, and is the first where that is within the second", () => {
  fc.assert(
    fc.property(posture, posture, (one, other) => {
      const both = narrower(one, other);
      expect([isWithin(both, one), isWithin(both, other)]).toEqual([true, true]);
      if (isWithin(one, other)) expect(both).toEqual(one);
    }),
  );
});
