import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { restrictToSaved, savedPlanOf } from "../../src/reconcile/saved-plan.ts";
import { arbitraryDeed, arbitraryScenario, compileProjects } from "../support/arbitrary.ts";
import { buildWorld, commit, EMPTY_WORLD, planOnce } from "../support/memory-world.ts";
import { check } from "../support/prop-runs.ts";

const TIMEOUT = 300_000;
const MADE_FOR = { devc: "0.1.0", manifest: "sha256:1", engine: "memory", hostValues: [] };

describe("invariant 15: saved plans", () => {
  it(
    "do what a fresh plan does as long as nothing has changed",
    async () => {
      await check(
        1000,
        fc.asyncProperty(arbitraryScenario({ projects: 3 }), async ({ world, projects }) => {
          const desired = compileProjects(projects);
          const { engine } = await buildWorld(world, desired);
          const saved = savedPlanOf(await planOnce(engine, desired), MADE_FOR);
          const fresh = await planOnce(engine, desired);
          const restricted = restrictToSaved(JSON.parse(JSON.stringify(saved)) as typeof saved, fresh, MADE_FOR);
          expect(restricted.ops).toEqual(fresh.ops);
        }),
      );
    },
    TIMEOUT,
  );

  it(
    "never do more than was saved, and are refused as stale when what they rely on has changed",
    async () => {
      let refused = 0;
      await check(
        1500,
        fc.asyncProperty(
          arbitraryScenario({ projects: 3, strangers: 0 }),
          fc.array(arbitraryDeed(3), { maxLength: 2 }),
          async ({ world, projects }, deeds) => {
            const desired = compileProjects(projects);
            const { engine } = await buildWorld(world, desired);
            const saved = savedPlanOf(await planOnce(engine, desired), MADE_FOR);
            for (const deed of deeds) commit(engine, deed);
            engine.setReadOnly(true);
            const fresh = await planOnce(engine, desired);
            const expected = new Map(saved.changes.map(({ address, expect: relied }) => [address, relied]));
            const differs = fresh.changes.some(
              ({ address, action, expect: found }) =>
                action !== "none" &&
                expected.has(address) &&
                JSON.stringify(expected.get(address)) !== JSON.stringify(found),
            );
            const attempt = (): ReturnType<typeof restrictToSaved> => restrictToSaved(saved, fresh, MADE_FOR);
            if (differs) {
              refused += 1;
              expect(attempt).toThrow(expect.objectContaining({ code: "plan-stale" }));
              return;
            }
            const [result] = await Promise.allSettled([(async () => attempt())()]);
            if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "plan-stale" });
            else for (const { address } of result.value.ops) expect([...expected.keys()]).toContain(address);
          },
        ),
      );
      expect(refused).toBeGreaterThan(0);
    },
    TIMEOUT,
  );

  it("are refused for another manifest, engine or version", async () => {
    const desired = compileProjects({ p0: { image: "debian:12" } });
    const { engine } = await buildWorld(EMPTY_WORLD, desired);
    const fresh = await planOnce(engine, desired);
    const saved = savedPlanOf(fresh, MADE_FOR);
    for (const [key, value] of Object.entries({ devc: "0.2.0", manifest: "sha256:2", engine: "other" })) {
      expect(() => restrictToSaved(saved, fresh, { ...MADE_FOR, [key]: value })).toThrow(
        expect.objectContaining({ code: "plan-stale" }),
      );
    }
  });
});
