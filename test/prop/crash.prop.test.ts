import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { CrashError, type MemoryFault } from "../../src/drivers/engine/memory/types.ts";
import type { Desired } from "../../src/model/desired.ts";
import { arbitraryScenario, compileProjects } from "../support/arbitrary.ts";
import {
  applyOnce,
  buildWorld,
  converge,
  letTimePass,
  planOnce,
  type Scene,
  type World,
} from "../support/memory-world.ts";
import { deviations, normalState } from "../support/oracle.ts";
import { check, scaled } from "../support/prop-runs.ts";

const TIMEOUT = 300_000;
const REFRESH = { refresh: true };

describe("invariant 7: crash safety", () => {
  it(
    "reaches the same state after a crash before or after any call of an apply as without it",
    async () => {
      let crashes = 0;
      await check(
        120,
        fc.asyncProperty(arbitraryScenario({ projects: 2, deeds: 2, leftovers: 2, strangers: 1 }), async (scenario) => {
          const { world, projects } = scenario;
          const desired = compileProjects(projects);
          const undisturbed = await buildWorld(world, desired);
          await applyOnce(undisturbed, desired, REFRESH);
          const calls = undisturbed.engine.calls.length;
          await settleDown(undisturbed, desired);
          const expected = normalState(undisturbed);
          for (let index = 0; index < calls; index += 1) {
            for (const when of ["before", "after"] as const) {
              crashes += 1;
              const scene = await crashedAt(world, desired, index, when);
              await settleDown(scene, desired);
              expect(normalState(scene), `crash ${when} call ${index}`).toEqual(expected);
            }
          }
        }),
      );
      expect(crashes).toBeGreaterThan(scaled(500));
    },
    TIMEOUT,
  );

  it(
    "reaches the desired state after a crash during the recovery from a crash",
    async () => {
      await check(
        1000,
        fc.asyncProperty(
          arbitraryScenario({ projects: 3, deeds: 2, leftovers: 2, strangers: 0 }),
          fc.nat(),
          fc.nat(),
          fc.constantFrom("before" as const, "after" as const),
          async ({ world, projects }, first, second, when) => {
            const desired = compileProjects(withoutProtection(projects));
            const length = await callsOf(world, desired);
            const scene = await crashedAt(world, desired, first % length, when);
            await applyAndCrash(scene, desired, second % length, when);
            await settleDown(scene, desired);
            expect(deviations(scene, desired)).toEqual([]);
          },
        ),
      );
    },
    TIMEOUT,
  );

  it(
    "finishes for a manifest that changed after the crash",
    async () => {
      await check(
        1000,
        fc.asyncProperty(
          arbitraryScenario({ projects: 3, deeds: 1, leftovers: 0, strangers: 0 }),
          arbitraryScenario({ projects: 3 }),
          fc.nat(),
          async ({ world, projects }, later, index) => {
            const desired = compileProjects(projects);
            const changed = compileProjects(withoutProtection(later.projects));
            const scene = await crashedAt(world, desired, index % (await callsOf(world, desired)), "after");
            await settleDown(scene, changed);
            expect(deviations(scene, changed)).toEqual([]);
          },
        ),
      );
    },
    TIMEOUT,
  );
});

/** Applies with a client that dies at a call, in a world built for it. */
async function crashedAt(world: World, desired: Desired, index: number, when: MemoryFault["when"]): Promise<Scene> {
  const scene = await buildWorld(world, desired);
  await applyAndCrash(scene, desired, index, when);
  return scene;
}

async function applyAndCrash(scene: Scene, desired: Desired, index: number, when: MemoryFault["when"]): Promise<void> {
  const client = scene.engine.client();
  client.setFaults((call) => (call.index === index ? { when, crash: true } : undefined));
  const [result] = await Promise.allSettled([applyOnce(scene, desired, { ...REFRESH, client, generation: "02CRASH" })]);
  const crashed = client.calls.length > index;
  if (crashed) expect(result).toMatchObject({ status: "rejected", reason: expect.any(CrashError) });
  else expect(result.status).toBe("fulfilled");
}

/** Two rounds at most, after which nothing is left to do. */
async function settleDown(scene: Scene, desired: Desired): Promise<void> {
  await letTimePass(scene);
  await converge(scene, desired, 2, REFRESH);
  await letTimePass(scene);
  expect((await planOnce(scene.engine, desired, {}, true)).ops).toEqual([]);
}

async function callsOf(world: World, desired: Desired): Promise<number> {
  const scene = await buildWorld(world, desired);
  await applyOnce(scene, desired, REFRESH);
  return scene.engine.calls.length;
}

function withoutProtection<Project extends { protect?: boolean }>(
  projects: Record<string, Project>,
): Record<string, Project> {
  return Object.fromEntries(Object.entries(projects).map(([name, project]) => [name, { ...project, protect: false }]));
}
