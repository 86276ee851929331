import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { MemoryEngine } from "../../src/drivers/engine/memory/types.ts";
import { LABEL } from "../../src/model/labels.ts";
import { canonicalJson } from "../../src/model/json.ts";
import type { ApplyEvent } from "../../src/reconcile/events.ts";
import type { Plan } from "../../src/reconcile/plan-types.ts";
import {
  applyEdits,
  arbitraryEdits,
  arbitraryProjects,
  arbitraryScenario,
  compileProjects,
  type Projects,
} from "../support/arbitrary.ts";
import {
  applyOnce,
  buildWorld,
  converge,
  EMPTY_WORLD,
  letTimePass,
  planOnce,
  sandboxesOf,
} from "../support/memory-world.ts";
import { arbitraryPicks, chooser, interleave } from "../support/interleave.ts";
import { deviations, watchAvailability } from "../support/oracle.ts";
import { check } from "../support/prop-runs.ts";

const TIMEOUT = 300_000;

function unprotected(projects: Projects): Projects {
  return Object.fromEntries(Object.entries(projects).map(([name, project]) => [name, { ...project, protect: false }]));
}

describe("invariant 14: two applies at once, without a lock", () => {
  it(
    "never mix manifests within a sandbox, lose data or touch strangers, and the next apply converges",
    async () => {
      await check(
        1000,
        fc.asyncProperty(
          arbitraryScenario({ projects: 3, deeds: 1, leftovers: 1, strangers: 2 }),
          arbitraryEdits,
          arbitraryPicks,
          async ({ world, projects }, edits, picks) => {
            const one = compileProjects(unprotected(projects));
            const other = compileProjects(unprotected(applyEdits(projects, edits)));
            const scene = await buildWorld(world, one);
            const before = scene.engine.snapshot();
            const results = await interleave(
              [scene.engine.client(), scene.engine.client()],
              [
                (client) => applyOnce(scene, one, { client, generation: "02ONE", refresh: true }),
                (client) => applyOnce(scene, other, { client, generation: "02OTHER", refresh: true }),
              ],
              chooser(picks),
            );
            for (const result of results) expect(result).toMatchObject({ status: "fulfilled" });
            const specs = new Set([one, other].flatMap(sandboxesOf).map(({ spec }) => canonicalJson(spec)));
            const known = new Set(before.containers.map(({ id }) => id));
            const after = scene.engine.snapshot();
            for (const { id, labels } of after.containers) {
              if (!known.has(id)) expect(specs).toContain(labels[LABEL.spec]);
            }
            const data = before.volumes.map(({ name }) => name).filter((name) => !name.includes(".updated-"));
            expect(after.volumes.map(({ name }) => name)).toEqual(expect.arrayContaining(data));
            await converge(scene, other, 2, { refresh: true });
            await letTimePass(scene);
            expect(deviations(scene, other)).toEqual([]);
            expect((await planOnce(scene.engine, other, {}, true)).ops).toEqual([]);
          },
        ),
      );
    },
    TIMEOUT,
  );
});

describe("invariants 9 and 14: two applies of one manifest at once", () => {
  it(
    "leave every sandbox that ran with a healthy container at every moment",
    async () => {
      await check(
        1000,
        fc.asyncProperty(arbitraryProjects(3), arbitraryEdits, arbitraryPicks, async (before, edits, picks) => {
          const desired = compileProjects(unprotected(applyEdits(before, edits)));
          const scene = await buildWorld({ ...EMPTY_WORLD, before }, desired);
          const watch = watchAvailability(scene, desired);
          const next = chooser(picks);
          const apply = (client: MemoryEngine) => applyOnce(scene, desired, { client });
          await interleave([scene.engine.client(), scene.engine.client()], [apply, apply], () => {
            watch.look();
            return next();
          });
          watch.look();
          expect(watch.gaps).toEqual([]);
        }),
      );
    },
    TIMEOUT,
  );
});

describe("invariant 19: executed traces", () => {
  it(
    "keep every edge and the limit on parallel calls, whatever order the engine answers in",
    async () => {
      await check(
        800,
        fc.asyncProperty(
          arbitraryScenario({ projects: 4, strangers: 0 }),
          fc.integer({ min: 1, max: 9 }),
          arbitraryPicks,
          async ({ world, projects }, parallelism, picks) => {
            const desired = compileProjects(projects);
            const scene = await buildWorld(world, desired);
            const events: ApplyEvent[] = [];
            const emit = (event: ApplyEvent): void => void events.push(event);
            const [result] = await interleave(
              [scene.engine.client()],
              [(client) => applyOnce(scene, desired, { client, parallelism, emit, refresh: true })],
              chooser(picks),
            );
            if (result?.status !== "fulfilled") throw new Error("the apply failed", { cause: result?.reason });
            const { plan, outcome } = result.value;
            expect(outcome.resources.filter((one) => one.result !== "done")).toEqual([]);
            expect(violations(plan, events, parallelism)).toEqual([]);
          },
        ),
      );
    },
    TIMEOUT,
  );
});

/** What a trace of events does against the plan's graph, in words. */
function violations({ ops }: Plan, events: ApplyEvent[], parallelism: number): string[] {
  const found: string[] = [];
  const done = new Set<number>();
  const running = new Set<number>();
  for (const event of events) {
    if (event.type === "op_start") {
      const { n, after } = event.op;
      for (const earlier of after) if (!done.has(earlier)) found.push(`${n} started before ${earlier} was done`);
      if (done.has(n) || running.has(n)) found.push(`${n} ran twice`);
      running.add(n);
      if (running.size > parallelism) found.push(`${running.size} at once`);
    } else if (event.type === "op_done") {
      running.delete(event.op.n);
      done.add(event.op.n);
    }
  }
  for (const { n } of ops) if (!done.has(n)) found.push(`${n} never ran`);
  return found;
}
