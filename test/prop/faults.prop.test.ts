import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { MemoryEngine, MemoryFault } from "../../src/drivers/engine/memory/types.ts";
import type { Desired } from "../../src/model/desired.ts";
import { applyEdits, arbitraryEdits, arbitraryProjects, compileProjects, type Projects } from "../support/arbitrary.ts";
import {
  applyOnce,
  buildWorld,
  converge,
  EMPTY_WORLD,
  letTimePass,
  planOnce,
  type Scene,
} from "../support/memory-world.ts";
import { deviations, watchAvailability } from "../support/oracle.ts";
import { check, scaled } from "../support/prop-runs.ts";

const TIMEOUT = 300_000;

const arbitraryFault = fc.record({
  when: fc.constantFrom("before" as const, "after" as const),
  code: fc.constantFrom("engine-unreachable" as const, "engine-error" as const, "engine-conflict" as const),
});

describe("invariant 8: error safety", () => {
  it(
    "survives a failure of any call of an apply: what ran still runs, and the next apply converges",
    async () => {
      let faults = 0;
      await check(
        120,
        fc.asyncProperty(arbitraryProjects(3), arbitraryEdits, arbitraryFault, async (projects, edits, fault) => {
          const world = { ...EMPTY_WORLD, before: projects };
          const desired = compileProjects(unprotected(applyEdits(projects, edits)));
          const undisturbed = await buildWorld(world, desired);
          await applyOnce(undisturbed, desired);
          for (let index = 0; index < undisturbed.engine.calls.length; index += 1) {
            faults += 1;
            const scene = await buildWorld(world, desired);
            const broken = await applyWithFault(scene, desired, index, fault);
            expect(broken, `call ${index}`).toEqual([]);
            await converge(scene, desired, 2);
            await letTimePass(scene);
            expect(deviations(scene, desired), `call ${index}`).toEqual([]);
            expect((await planOnce(scene.engine, desired, {}, true)).ops).toEqual([]);
          }
        }),
      );
      expect(faults).toBeGreaterThan(scaled(500));
    },
    TIMEOUT,
  );

  it(
    "converges after several failures at once",
    async () => {
      await check(
        1000,
        fc.asyncProperty(
          arbitraryProjects(4),
          arbitraryEdits,
          fc.array(fc.tuple(fc.nat({ max: 40 }), arbitraryFault), { minLength: 2, maxLength: 8 }),
          async (projects, edits, faults) => {
            const desired = compileProjects(unprotected(applyEdits(projects, edits)));
            const scene = await buildWorld({ ...EMPTY_WORLD, before: projects }, desired);
            const client = scene.engine.client();
            const byIndex = new Map(faults);
            client.setFaults(({ index }) => byIndex.get(index));
            await tolerate(applyOnce(scene, desired, { client }));
            await converge(scene, desired, 2);
            await letTimePass(scene);
            expect(deviations(scene, desired)).toEqual([]);
          },
        ),
      );
    },
    TIMEOUT,
  );

  it(
    "keeps the old sandbox, and nothing else, when its replacement does not become ready; other projects go on",
    async () => {
      await check(
        1000,
        fc.asyncProperty(
          arbitraryProjects(3).filter((projects) => Object.keys(projects).length > 0),
          fc.constantFrom("fails:exits", "fails:unhealthy", "fails:start", "absent:1"),
          fc.nat(),
          async (before, image, at) => {
            const projects = unprotected(before);
            const names = Object.keys(projects).toSorted();
            const failing = names[at % names.length] ?? "";
            const edit = (project: Projects[string]): Projects[string] => ({
              ...project,
              image,
              state: "running" as const,
            });
            const edited = Object.fromEntries(
              names.map((name) => [
                name,
                name === failing ? edit(projects[name] ?? {}) : { ...projects[name], user: "edited" },
              ]),
            );
            const scene = await buildWorld({ ...EMPTY_WORLD, before: projects }, compileProjects(projects));
            const old = containerOf(scene.engine, failing);
            for (let round = 0; round < 2; round += 1) {
              const { outcome } = await applyOnce(scene, compileProjects(edited));
              const failed = outcome.resources.filter(({ result }) => result !== "done");
              expect(failed.map(({ address }) => address.split("/")[1])).toEqual(failed.map(() => failing));
              expect(failed.some(({ error }) => error !== undefined)).toBe(true);
              if (image === "fails:exits") expect(failed[0]?.error?.details).toContain("no configuration");
              expect(containerOf(scene.engine, failing)).toEqual(old);
              const owned = scene.engine
                .snapshot()
                .containers.filter(({ name }) => name.startsWith(`devc-acme-${failing}`));
              expect(owned.map(({ id }) => id)).toEqual([old?.id]);
            }
            await converge(scene, compileProjects(projects), 2);
            expect(deviations(scene, compileProjects(projects))).toEqual([]);
          },
        ),
      );
    },
    TIMEOUT,
  );
});

describe("invariant 9: availability", () => {
  it(
    "has a healthy container for every sandbox that is replaced, at every moment of an apply",
    async () => {
      await check(
        1500,
        fc.asyncProperty(arbitraryProjects(4), arbitraryEdits, async (projects, edits) => {
          const desired = compileProjects(unprotected(applyEdits(projects, edits)));
          const scene = await buildWorld({ ...EMPTY_WORLD, before: projects }, desired);
          expect(await applyWithFault(scene, desired, Number.POSITIVE_INFINITY)).toEqual([]);
        }),
      );
    },
    TIMEOUT,
  );

  it("would notice a moment without one", async () => {
    const projects = { p0: { image: "debian:12" } };
    const scene = await buildWorld({ ...EMPTY_WORLD, before: projects }, compileProjects(projects));
    const watch = watchAvailability(scene, compileProjects(projects));
    scene.engine.hands.stop(containerOf(scene.engine, "p0")?.id ?? "");
    watch.look();
    expect(watch.gaps).toEqual(["sandbox/p0"]);
  });
});

/** Applies with one call failing; gives the sandboxes that were without a healthy container at some moment. */
async function applyWithFault(scene: Scene, desired: Desired, at: number, fault?: MemoryFault): Promise<string[]> {
  const client = scene.engine.client();
  const watch = watchAvailability(scene, desired);
  client.setFaults(({ index }) => {
    watch.look();
    return index === at ? fault : undefined;
  });
  await tolerate(applyOnce(scene, desired, { client }));
  watch.look();
  return watch.gaps;
}

/** Lets the failures that a test made pass: observing may throw them, executing tells them in its outcome. */
async function tolerate(applying: Promise<unknown>): Promise<void> {
  const [result] = await Promise.allSettled([applying]);
  if (result.status === "rejected")
    expect(result.reason).toMatchObject({ name: "DevcError", message: expect.stringMatching(/^fault /) });
}

function containerOf(
  engine: MemoryEngine,
  project: string,
): ReturnType<MemoryEngine["snapshot"]>["containers"][number] | undefined {
  return engine.snapshot().containers.find(({ name }) => name === `devc-acme-${project}`);
}

function unprotected(projects: Projects): Projects {
  return Object.fromEntries(Object.entries(projects).map(([name, project]) => [name, { ...project, protect: false }]));
}
