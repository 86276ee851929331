import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { CrashError } from "../../src/drivers/engine/memory/types.ts";
import type { MemoryEngine, MemoryFault } from "../../src/drivers/engine/memory/types.ts";
import { LABEL } from "../../src/model/labels.ts";
import { HOOK_PHASES } from "../../src/model/devcontainer/lifecycle.ts";
import { observe } from "../../src/reconcile/observe.ts";
import { plan } from "../../src/reconcile/plan.ts";
import {
  applyInRounds,
  arbitraryDevcontainer,
  arbitraryDevcontainers,
  compileDevcontainers,
  repaired,
} from "../support/devcontainer-world.ts";
import type { Devcontainers } from "../support/devcontainer-world.ts";
import { fakeHooks, markOf } from "../support/execute-tools.ts";
import { arbitraryDeed } from "../support/arbitrary.ts";
import { buildWorld, commit, EMPTY_WORLD, letTimePass } from "../support/memory-world.ts";
import type { Deed, Scene } from "../support/memory-world.ts";
import { deviations } from "../support/oracle.ts";
import { check, scaled } from "../support/prop-runs.ts";
import { desiredOf } from "../support/workspace.ts";

const TIMEOUT = 300_000;

/** A workspace that was applied, what happened to it since, and what becomes of it: commands of a project stay what they are. */
const arbitraryCase = fc.record({
  before: arbitraryDevcontainers(3),
  deeds: fc.array(arbitraryDeed(3), { maxLength: 3 }),
  edits: fc.dictionary(fc.constantFrom("p0", "p1", "p2"), fc.option(arbitraryDevcontainer, { freq: 6 }), {
    maxKeys: 2,
    noNullPrototype: true,
  }),
});

type Case = { before: Devcontainers; deeds: Deed[]; edits: Record<string, Devcontainers[string] | null> };

function after({ before, edits }: Case): Devcontainers {
  const entries = Object.entries({ ...before, ...edits }).flatMap(([name, project]) => {
    return project ? [[name, { ...project, hooks: before[name]?.hooks ?? project.hooks }] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** The state before: applied, then everything that happened. */
async function build({ before, deeds }: Case): Promise<Scene> {
  const scene = await buildWorld(EMPTY_WORLD, desiredOf({}));
  await applyInRounds(scene, repaired(before), { generation: "01BEFORE" });
  for (const deed of deeds) commit(scene.engine, deed);
  scene.engine.clearCalls();
  return scene;
}

/** What is not as it should be: the state of the engine, and commands that were left out in a sandbox that runs. */
async function wrongIn(scene: Scene, projects: Devcontainers): Promise<string[]> {
  const desired = await compileDevcontainers(scene.engine, projects);
  const awaiting = desired.resources.flatMap((one) => (one.kind === "sandbox" && one.awaitsImage ? [one.address] : []));
  const skipped = Object.keys(projects).flatMap((name) => leftOut(scene, projects, name));
  return [...awaiting.map((address) => `${address} awaits an image`), ...deviations(scene, desired), ...skipped];
}

/** Phases of a running sandbox that have commands and have not succeeded in it. Renamed containers are somebody else's. */
function leftOut({ engine, hooks }: Scene, projects: Devcontainers, project: string): string[] {
  const container = engine.snapshot().containers.find(({ name }) => name === `devc-acme-${project}`);
  const wanted = projects[project];
  if (container?.state !== "running" || !wanted) return [];
  const phases = HOOK_PHASES.filter((phase) => wanted.hooks[phase] !== undefined);
  return phases
    .filter((phase) => ![...hooks.succeeded].some((mark) => mark.startsWith(markOf(container.id, phase, ""))))
    .map((phase) => `${phase} of ${project} was left out`);
}

/** Applies as often as it may take: a deed may need a second time, and so may a crash. */
async function settleDown(scene: Scene, projects: Devcontainers): Promise<void> {
  for (let time = 0; time < 2; time += 1) {
    await applyInRounds(scene, projects);
    await letTimePass(scene);
  }
}

async function hasNothingToDo({ engine }: Scene, projects: Devcontainers): Promise<void> {
  const desired = await compileDevcontainers(engine, projects);
  expect(plan(desired, await observe(engine, desired, { refresh: true })).ops).toEqual([]);
}

describe("invariant 23: an apply in rounds", () => {
  it(
    "brings every image and every sandbox to what is desired, and then has nothing to do",
    async () => {
      let severalRounds = 0;
      await check(
        500,
        fc.asyncProperty(arbitraryCase, async (given) => {
          const projects = repaired(after(given));
          const scene = await build(given);
          const { rounds } = await applyInRounds(scene, projects);
          if (rounds > 1) severalRounds += 1;
          await letTimePass(scene);
          await applyInRounds(scene, projects);
          await letTimePass(scene);
          expect(await wrongIn(scene, projects)).toEqual([]);
          await hasNothingToDo(scene, projects);
        }),
      );
      expect(severalRounds).toBeGreaterThan(scaled(60));
    },
    TIMEOUT,
  );

  it(
    "leaves a sandbox as it is whose image cannot be built, does the others, and goes on when it can",
    async () => {
      let broken = 0;
      await check(
        300,
        fc.asyncProperty(arbitraryCase, async (given) => {
          const projects = after(given);
          const scene = await build({ ...given, deeds: [] });
          const finals = new Map(scene.engine.snapshot().containers.map((one) => [one.name, one]));
          const { outcome } = await applyInRounds(scene, projects);
          const failed = outcome.resources.filter(({ result }) => result === "failed");
          expect(failed.every(({ error }) => error?.code === "build-failed")).toBe(true);
          for (const { address } of failed) {
            broken += 1;
            const name = `devc-acme-${address.split("/")[1]}`;
            const now = scene.engine.snapshot().containers.find((one) => one.name === name);
            expect([now?.id, now?.state]).toEqual([finals.get(name)?.id, finals.get(name)?.state]);
          }
          await settleDown(scene, repaired(projects));
          expect(await wrongIn(scene, repaired(projects))).toEqual([]);
        }),
      );
      expect(broken).toBeGreaterThan(scaled(10));
    },
    TIMEOUT,
  );
});

describe("invariant 24: commands of a devcontainer.json", () => {
  it(
    "have all succeeded in a candidate before anything happens to the sandbox it replaces, and none is left out or noted",
    async () => {
      let replaced = 0;
      await check(
        400,
        fc.asyncProperty(arbitraryCase, async (given) => {
          const projects = repaired(after(given));
          const scene = await build(given);
          const early = watchReplacements(scene, projects, () => (replaced += 1));
          await applyInRounds(scene, projects, { client: early.client });
          expect(early.found).toEqual([]);
          await settleDown(scene, projects);
          expect(await wrongIn(scene, projects)).toEqual([]);
        }),
      );
      expect(replaced).toBeGreaterThan(scaled(30));
    },
    TIMEOUT,
  );

  it(
    "that fail keep what was there, and succeed later without running again what had succeeded",
    async () => {
      let kept = 0;
      await check(
        300,
        fc.asyncProperty(arbitraryCase, fc.constantFrom("one", "two", "three", "four"), async (given, failing) => {
          const projects = repaired(after(given));
          const scene = await build({ ...given, deeds: [] });
          const names = new Set(Object.keys(projects).map((name) => `devc-acme-${name}`));
          const running = scene.engine
            .snapshot()
            .containers.filter(({ name, state }) => names.has(name) && state === "running");
          const good = scene.hooks;
          scene.hooks = failingHooks(good, failing);
          const { plan: made, outcome } = await applyInRounds(scene, projects);
          for (const { address, error } of outcome.resources) {
            if (error?.code !== "hook-failed") continue;
            const action = made.changes.find((change) => change.address === address)?.action;
            const before = running.find(({ name }) => name === `devc-acme-${address.split("/")[1]}`);
            if (action !== "replace" || !before) continue;
            kept += 1;
            const now = scene.engine.snapshot().containers.find(({ name }) => name === before.name);
            expect([now?.id, now?.state]).toEqual([before.id, "running"]);
            const candidate = scene.engine.snapshot().containers.find(({ name }) => name === `${before.name}.next`);
            expect(candidate).toBe(undefined);
          }
          scene.hooks = good;
          await settleDown(scene, projects);
          expect(await wrongIn(scene, projects)).toEqual([]);
          await hasNothingToDo(scene, projects);
        }),
      );
      expect(kept).toBeGreaterThan(scaled(5));
    },
    TIMEOUT,
  );
});

describe("invariants 7, 23 and 24: a crash before or after any call of an apply in rounds", () => {
  it(
    "changes nothing about where it ends: images, sandboxes, commands that ran, and no note or candidate left",
    async () => {
      let crashes = 0;
      await check(
        30,
        fc.asyncProperty(arbitraryCase, fc.constantFrom("before" as const, "after" as const), async (given, when) => {
          const one = { ...given, deeds: given.deeds.slice(0, 1) };
          const projects = repaired(after(one));
          const undisturbed = await build(one);
          await applyInRounds(undisturbed, projects);
          for (let index = 0; index < undisturbed.engine.calls.length; index += 1) {
            crashes += 1;
            const scene = await build(one);
            await crashAt(scene, projects, index, when);
            await letTimePass(scene);
            await settleDown(scene, projects);
            expect(await wrongIn(scene, projects), `crash ${when} call ${index}`).toEqual([]);
            await hasNothingToDo(scene, projects);
          }
        }),
      );
      expect(crashes).toBeGreaterThan(scaled(150));
    },
    TIMEOUT,
  );
});

async function crashAt(scene: Scene, projects: Devcontainers, index: number, when: MemoryFault["when"]): Promise<void> {
  const client = scene.engine.client();
  client.setFaults((call) => (call.index === index ? { when, crash: true } : undefined));
  const [result] = await Promise.allSettled([applyInRounds(scene, projects, { client, generation: "02CRASH" })]);
  if (result.status === "rejected") expect(result.reason).toBeInstanceOf(CrashError);
  else expect(client.calls.length).toBeLessThanOrEqual(index);
}

/** Hooks of which one command fails; what succeeds is noted with the others. */
function failingHooks(good: Scene["hooks"], failing: string): Scene["hooks"] {
  const bad = fakeHooks(({ command }) => (command === failing ? "fails" : "succeeds"), good.succeeded);
  return { ...bad, ran: good.ran };
}

/** A client that looks, whenever a sandbox that is being replaced is touched, whether its candidate has run everything. */
function watchReplacements(
  scene: Scene,
  projects: Devcontainers,
  onReplace: () => void,
): { client: MemoryEngine; found: string[] } {
  const found: string[] = [];
  const client = scene.engine.client();
  client.setGate(async ({ method, args }) => {
    if (method !== "stopContainer" && method !== "removeContainer" && method !== "renameContainer") return;
    const { containers } = scene.engine.snapshot();
    const touched = containers.find(({ id }) => id === args[0]);
    const candidate = containers.find(({ name }) => name === `${touched?.name}.next`);
    if (!touched || !candidate || candidate.state !== "running") return;
    if (candidate.labels[LABEL.generation] === undefined) return;
    onReplace();
    const project = touched.name.replace(/^devc-acme-/, "");
    const phases = HOOK_PHASES.filter((phase) => projects[project]?.hooks[phase] !== undefined);
    for (const phase of phases) {
      const done = [...scene.hooks.succeeded].some((mark) => mark.startsWith(markOf(candidate.id, phase, "")));
      if (!done) found.push(`${method} of ${touched.name} before ${phase} of its candidate`);
    }
  });
  return { client, found };
}
