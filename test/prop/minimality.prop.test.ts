import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { parseAddress } from "../../src/model/names.ts";
import type { ResourcesSpec } from "../../src/model/spec.ts";
import {
  applyEdits,
  arbitraryEdit,
  arbitraryProject,
  arbitraryProjects,
  arbitraryResources,
  compileProjects,
} from "../support/arbitrary.ts";
import { applyOnce, buildWorld, EMPTY_WORLD, planOnce } from "../support/memory-world.ts";
import { check } from "../support/prop-runs.ts";

const TIMEOUT = 300_000;

/** Operations that keep a container. */
const IN_PLACE: ReadonlySet<string> = new Set([
  "volume.create",
  "container.update",
  "container.start",
  "container.wait",
  "container.stop",
]);

describe("invariant 5: minimality", () => {
  it(
    "changes nothing of projects that were not edited",
    async () => {
      await check(
        1500,
        fc.asyncProperty(arbitraryProjects(5), fc.nat(), arbitraryEdit, async (projects, at, edit) => {
          const scene = await buildWorld({ ...EMPTY_WORLD, before: projects }, compileProjects(projects));
          const names = Object.keys(projects).toSorted();
          const edited = names[at % names.length];
          const before = scene.engine.snapshot();
          const made = await planOnce(scene.engine, compileProjects(applyEdits(projects, [{ at, edit }])));
          const touched = made.ops.map(({ address }) => parseAddress(address)?.project);
          expect(touched.filter((project) => project !== edited)).toEqual([]);
          await applyOnce(scene, compileProjects(applyEdits(projects, [{ at, edit }])));
          const others = (state: typeof before) =>
            state.containers.filter(({ name }) => !name.startsWith(`devc-acme-${edited}`));
          expect(others(scene.engine.snapshot())).toEqual(others(before));
        }),
      );
    },
    TIMEOUT,
  );

  it(
    "does nothing at all right after an apply",
    async () => {
      await check(
        1000,
        fc.asyncProperty(arbitraryProjects(5), async (projects) => {
          const desired = compileProjects(projects);
          const { engine } = await buildWorld({ ...EMPTY_WORLD, before: projects }, desired);
          expect((await planOnce(engine, desired)).ops).toEqual([]);
        }),
      );
    },
    TIMEOUT,
  );
});

describe("invariant 6: in place where that is possible", () => {
  /** Limits that no engine call has to lift, which is what an update cannot do. */
  const withoutLift = (before: ResourcesSpec, after: ResourcesSpec): ResourcesSpec => {
    const { pids: _pids, ...caps } = before;
    return { ...caps, ...after };
  };

  it(
    "changes limits and state without replacing the container",
    async () => {
      await check(
        1500,
        fc.asyncProperty(
          arbitraryProject,
          arbitraryResources,
          fc.constantFrom("running" as const, "stopped" as const),
          async ({ resources: before = {}, ...project }, after, state) => {
            const limits = withoutLift(before, after);
            const was = { p0: { ...project, ...present(before) } };
            const is = { p0: { ...project, ...present(limits), state } };
            const scene = await buildWorld({ ...EMPTY_WORLD, before: was }, compileProjects(is));
            const [old] = scene.engine.snapshot().containers;
            const { plan } = await applyOnce(scene, compileProjects(is));
            expect(plan.ops.map(({ op }) => op).filter((op) => !IN_PLACE.has(op))).toEqual([]);
            const containers = scene.engine.snapshot().containers;
            expect(containers.map(({ id, resources }) => ({ id, resources }))).toEqual([
              { id: old?.id, resources: limits },
            ]);
            expect((await planOnce(scene.engine, compileProjects(is))).ops).toEqual([]);
            // Back again: the record makes the plan look instead of trusting the label.
            const back = { p0: { ...project, ...present(withoutLift(limits, before)) } };
            await applyOnce(scene, compileProjects(back));
            expect(scene.engine.snapshot().containers[0]?.resources).toEqual(withoutLift(limits, before));
          },
        ),
      );
    },
    TIMEOUT,
  );

  function present(resources: ResourcesSpec): { resources?: ResourcesSpec } {
    return Object.keys(resources).length > 0 ? { resources } : {};
  }
});

describe("invariant 21: call budget", () => {
  it(
    "plans a workspace where nothing is to be done with three calls and one for each image reference",
    async () => {
      await check(
        1000,
        fc.asyncProperty(arbitraryProjects(8), async (projects) => {
          const desired = compileProjects(projects);
          const { engine } = await buildWorld({ ...EMPTY_WORLD, before: projects }, desired);
          expect((await planOnce(engine, desired)).ops).toEqual([]);
          const references = new Set(Object.values(projects).map(({ image }) => image));
          expect(engine.callCounts()).toEqual({
            listContainers: 1,
            listNetworks: 1,
            listVolumes: 1,
            ...(references.size > 0 ? { inspectImage: references.size } : {}),
          });
        }),
      );
    },
    TIMEOUT,
  );

  it(
    "inspects besides only the containers whose limits were changed in place",
    async () => {
      await check(
        500,
        fc.asyncProperty(arbitraryProjects(6), fc.integer({ min: 5000, max: 9000 }), async (projects, pids) => {
          const changed = Object.fromEntries(
            Object.entries(projects).map(([name, project], index) => [
              name,
              index % 2 === 0 ? { ...project, resources: { ...project.resources, pids } } : project,
            ]),
          );
          const scene = await buildWorld({ ...EMPTY_WORLD, before: projects }, compileProjects(projects));
          await applyOnce(scene, compileProjects(changed));
          scene.engine.clearCalls();
          expect((await planOnce(scene.engine, compileProjects(changed))).ops).toEqual([]);
          const updated = Math.ceil(Object.keys(projects).length / 2);
          expect(scene.engine.callCounts().inspectContainer ?? 0).toBe(updated);
        }),
      );
    },
    TIMEOUT,
  );
});
