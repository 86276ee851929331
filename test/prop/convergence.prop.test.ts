import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { arbitraryScenario, compileProjects, type Projects } from "../support/arbitrary.ts";
import { applyOnce, buildWorld, isEmpty, letTimePass, planOnce } from "../support/memory-world.ts";
import { deviations } from "../support/oracle.ts";
import { check } from "../support/prop-runs.ts";

/** Without protection: a protected sandbox that would be replaced is never as desired. */
function unprotected(projects: Projects): Projects {
  return Object.fromEntries(Object.entries(projects).map(([name, project]) => [name, { ...project, protect: false }]));
}

describe("invariants 3 and 4: idempotence and convergence", () => {
  it("reaches the desired state from any live state within two rounds, and then has nothing to do", async () => {
    await check(
      2000,
      fc.asyncProperty(arbitraryScenario({ projects: 6 }), async ({ world, projects }) => {
        const desired = compileProjects(unprotected(projects));
        const scene = await buildWorld(world, desired);
        // Limits that somebody else changed are seen by an inspect only.
        const refresh = world.deeds.some(({ deed }) => deed === "update");
        const first = await applyOnce(scene, desired, { refresh });
        expect(first.outcome.resources.filter(({ result }) => result !== "done")).toEqual([]);
        const second = await applyOnce(scene, desired, { refresh });
        expect(second.outcome.resources.filter(({ result }) => result !== "done")).toEqual([]);
        await letTimePass(scene);
        expect(deviations(scene, desired)).toEqual([]);
        expect((await planOnce(scene.engine, desired)).ops).toEqual([]);
        expect(isEmpty(await planOnce(scene.engine, desired, {}, true))).toBe(true);
      }),
    );
  }, 600_000);
});
