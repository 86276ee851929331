import * as fc from "fast-check";
import { applyPatch } from "fast-json-patch";
import { describe, expect, it } from "vitest";

import type { Desired } from "../../src/model/desired.ts";
import type { Live } from "../../src/reconcile/live.ts";
import { inventory } from "../../src/reconcile/inventory.ts";
import { observe } from "../../src/reconcile/observe.ts";
import { examineSandbox, type SandboxCase } from "../../src/reconcile/plan-sandbox.ts";
import type { Plan } from "../../src/reconcile/plan-types.ts";
import { plan } from "../../src/reconcile/plan.ts";
import { arbitraryScenario, compileProjects, PROJECTS } from "../support/arbitrary.ts";
import { numbersFrom } from "../support/interleave.ts";
import { buildWorld, EMPTY_WORLD, planOnce, sandboxesOf } from "../support/memory-world.ts";
import { check } from "../support/prop-runs.ts";

const TIMEOUT = 300_000;

describe("invariant 1: planning only reads", () => {
  it(
    "makes no call that changes anything, with and without refresh",
    async () => {
      await check(
        1000,
        fc.asyncProperty(arbitraryScenario({ projects: 4 }), fc.boolean(), async ({ world, projects }, refresh) => {
          const desired = compileProjects(projects);
          const { engine } = await buildWorld(world, desired);
          const before = engine.snapshot();
          engine.setReadOnly(true);
          await planOnce(engine, desired, {}, refresh);
          expect(engine.calls.filter(({ kind }) => kind === "mutation")).toEqual([]);
          expect(engine.snapshot()).toEqual(before);
          engine.setReadOnly(false);
        }),
      );
    },
    TIMEOUT,
  );

  it("would notice a call that changes something", async () => {
    const { engine } = await buildWorld(EMPTY_WORLD, compileProjects({}));
    engine.setReadOnly(true);
    await expect(engine.removeVolume("any")).rejects.toThrow("read-only");
  });
});

describe("invariant 2: determinism", () => {
  it(
    "gives the same plan, byte for byte, for live objects and their keys in any order",
    async () => {
      await check(
        1500,
        fc.asyncProperty(arbitraryScenario({ projects: 6 }), fc.nat(), async (scenario, seed) => {
          const desired = compileProjects(scenario.projects);
          const { engine } = await buildWorld(scenario.world, desired);
          const live = await observe(engine, desired, { refresh: true });
          const next = numbersFrom(seed);
          const text = JSON.stringify(plan(desired, live));
          const again = plan(desired, shuffledLists(shuffledKeys(live, next) as Live, next));
          expect(JSON.stringify(again)).toBe(text);
        }),
      );
    },
    TIMEOUT,
  );
});

describe("invariant 16: patches", () => {
  it(
    "lead from what is to what is wanted, and fit nothing else",
    async () => {
      await check(
        1500,
        fc.asyncProperty(arbitraryScenario({ projects: 4 }), async ({ world, projects }) => {
          const desired = compileProjects(projects);
          const { engine } = await buildWorld(world, desired);
          const live = await observe(engine, desired, { refresh: true });
          const made = plan(desired, live);
          for (const { desired: sandbox, assessment } of casesOf(desired, live)) {
            if (!assessment) continue;
            const change = made.changes.find(({ address }) => address === sandbox.address);
            expect(change?.patch).toEqual(assessment.patch);
            if (assessment.way === "none") continue;
            const apply = (document: object): unknown =>
              applyPatch(copy(document), copy(assessment.patch), true).newDocument;
            expect(apply(assessment.before)).toEqual(assessment.after);
            const tested = assessment.patch.find(({ op }) => op === "test")?.path.split("/")[1];
            if (tested === undefined) continue;
            expect(() => apply({ ...assessment.before, [tested]: "something else" })).toThrow(
              /^(Test operation|Cannot perform)/,
            );
          }
          for (const { address, action, patch } of made.changes) {
            const sandbox = sandboxesOf(desired).find((one) => one.address === address);
            if (action !== "create" || !sandbox) continue;
            const created = applyPatch({}, copy(patch), true).newDocument;
            expect(created).toEqual({ ...sandbox.spec, name: sandbox.name, state: sandbox.state });
          }
        }),
      );
    },
    TIMEOUT,
  );
});

describe("invariant 17: targeting", () => {
  it(
    "plans for some projects what the whole plan does for them, and nothing for others",
    async () => {
      await check(
        1500,
        fc.asyncProperty(
          arbitraryScenario({ projects: 4 }),
          fc.subarray(PROJECTS.slice(0, 4)),
          async ({ world, projects }, chosen) => {
            // A network that a sandbox outside the selection was connected to stays, or its removal would be refused.
            fc.pre(world.deeds.every(({ deed }) => deed !== "connect"));
            const desired = compileProjects(projects);
            const { engine } = await buildWorld(world, desired);
            const live = await observe(engine, desired);
            const options = { allowDelete: 100, pruneVolumes: true };
            const whole = plan(desired, live, options);
            const part = plan(desired, live, { ...options, projects: chosen });
            const isChosen = ({ project }: { project: string }): boolean => chosen.includes(project);
            expect(part.changes.every(isChosen)).toBe(true);
            expect(part.changes.map(withoutOps)).toEqual(whole.changes.filter(isChosen).map(withoutOps));
            expect(stepsOf(part, chosen)).toEqual(stepsOf(whole, chosen));
            for (const reference of pulledIn(part)) expect(pulledIn(whole)).toContain(reference);
          },
        ),
      );
    },
    TIMEOUT,
  );
});

describe("invariant 19: the graph of operations", () => {
  it(
    "has edges to earlier operations only, and every operation belongs to one change",
    async () => {
      await check(
        1000,
        fc.asyncProperty(arbitraryScenario({ projects: 6 }), async ({ world, projects }) => {
          const desired = compileProjects(projects);
          const { engine } = await buildWorld(world, desired);
          const { changes, ops } = await planOnce(engine, desired, { pruneVolumes: true });
          expect(ops.map(({ n }) => n)).toEqual(ops.map((_op, index) => index + 1));
          for (const { n, after } of ops) for (const earlier of after) expect(earlier).toBeLessThan(n);
          expect(changes.flatMap((change) => change.ops).toSorted((a, b) => a - b)).toEqual(ops.map(({ n }) => n));
          for (const change of changes) {
            for (const n of change.ops) expect(ops[n - 1]?.address).toBe(change.address);
          }
        }),
      );
    },
    TIMEOUT,
  );
});

function casesOf(desired: Desired, live: Live): SandboxCase[] {
  const held = inventory(desired, live);
  return sandboxesOf(desired).map((sandbox) =>
    examineSandbox(sandbox, held.containers.get(sandbox.address) ?? [], live, held.records),
  );
}

/** A copy without shared parts, which `structuredClone` would keep. */
function copy<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

/** A change without the numbers of its operations. */
function withoutOps({ ops: _ops, ...change }: Plan["changes"][number]): object {
  return change;
}

/** The steps of some projects with what they wait for, without numbers; pulls are shared and left out. */
function stepsOf({ ops }: Plan, projects: string[]): unknown[] {
  const text = ({ n: _n, after: _after, undo: _undo, ...step }: Plan["ops"][number]): string =>
    JSON.stringify(step).replaceAll(/"created":\d+/g, '"created":0');
  return ops
    .filter(({ op, address }) => op !== "image.pull" && projects.includes(address.split("/")[1] ?? ""))
    .map((step) => ({
      step: text(step),
      after: step.after
        .flatMap((n) => ops[n - 1] ?? [])
        .filter(({ op, address }) => op !== "image.pull" && projects.includes(address.split("/")[1] ?? ""))
        .map(text)
        .toSorted(),
      pulls: step.after
        .flatMap((n) => ops[n - 1] ?? [])
        .flatMap((one) => (one.op === "image.pull" ? [one.reference] : [])),
    }));
}

function pulledIn({ ops }: Plan): string[] {
  return ops.flatMap((op) => (op.op === "image.pull" ? [op.reference] : []));
}

/** The same value with the members of every object in another order. */
function shuffledKeys(value: unknown, next: () => number): unknown {
  if (Array.isArray(value)) return value.map((member) => shuffledKeys(member, next));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    shuffled(Object.entries(value), next).map(([key, member]) => [key, shuffledKeys(member, next)]),
  );
}

function shuffledLists(live: Live, next: () => number): Live {
  return {
    ...live,
    containers: shuffled(live.containers, next),
    networks: shuffled(live.networks, next),
    volumes: shuffled(live.volumes, next),
  };
}

function shuffled<Item>(items: Item[], next: () => number): Item[] {
  return items
    .map((item) => ({ item, rank: next() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
