import { describe, expect, it } from "vitest";

import { createMemoryEngine } from "../../src/drivers/engine/memory/memory-engine.ts";
import type { MemoryEngine, MemoryOptions } from "../../src/drivers/engine/memory/types.ts";
import type { Desired } from "../../src/model/desired.ts";
import { BUILD_LABEL } from "../../src/model/devcontainer/build.ts";
import { DEVCONTAINER_LABEL } from "../../src/model/devcontainer/labels.ts";
import type { ApplyEvent } from "../../src/reconcile/events.ts";
import { execute } from "../../src/reconcile/execute.ts";
import { observe } from "../../src/reconcile/observe.ts";
import { plan } from "../../src/reconcile/plan.ts";
import { readyProjects } from "../../src/reconcile/rounds.ts";
import type { Round } from "../../src/reconcile/rounds.ts";
import { fakeBuilder, fakeHooks } from "../support/execute-tools.ts";
import type { RanHook } from "../support/execute-tools.ts";
import { desiredOf, ORIGIN, sandboxOf } from "../support/workspace.ts";

/** A memory engine, commands of which some fail, and applies on it. */
function setUp(options: Partial<MemoryOptions> = {}) {
  let now = 0;
  const clock = {
    now: () => now,
    sleep: async (ms: number, signal?: AbortSignal): Promise<void> => {
      signal?.throwIfAborted();
      now += ms;
    },
  };
  const engine = createMemoryEngine({ clock, images: { "debian:12": {} }, ...options });
  const events: ApplyEvent[] = [];
  const failing = new Set<string>();
  const hooks = fakeHooks(({ command }) => (failing.has(command) ? "fails" : "succeeds"));
  const apply = async (
    desired: Desired,
    more: { signal?: AbortSignal; hostValues?: Record<string, string> } = {},
  ): Promise<Round> => {
    now += 1;
    const made = plan(desired, await observe(engine, desired));
    const context = {
      engine,
      origin: ORIGIN,
      clock,
      emit: (event: ApplyEvent): void => void events.push(event),
      buildImage: fakeBuilder(),
      runHooks: hooks.runHooks,
      hostValues: {},
    };
    return { plan: made, outcome: await execute(made, { ...context, ...more }) };
  };
  return { engine, events, failing, apply, hooks, ran: () => hooks.ran.map(textOf) };
}

const textOf = ({ phase, command }: RanHook): string => `${phase} ${command}`;
const HOOKS = { onCreate: ["one"], postCreate: ["two"], postStart: ["three"] };
const containersOf = (engine: MemoryEngine) =>
  engine
    .snapshot()
    .containers.map(({ name, state }) => `${name} ${state}`)
    .toSorted();
const notesOf = (engine: MemoryEngine) =>
  engine
    .snapshot()
    .volumes.map(({ name }) => name)
    .filter((name) => name.includes(".hooks-"));

describe("commands of a devcontainer.json", () => {
  const desired = desiredOf({ web: { hooks: HOOKS } });

  it("run in order when a sandbox is made, and leave no note when all succeeded", async () => {
    const { engine, apply, ran, events } = setUp();
    await apply(desired);
    expect(ran()).toEqual(["onCreate one", "postCreate two", "postStart three"]);
    expect(notesOf(engine)).toEqual([]);
    expect((await apply(desired)).plan.ops).toEqual([]);
    const lines = events.flatMap((event) => (event.type === "op_output" ? [event.line] : []));
    expect(lines).toEqual(["[onCreate] ran one", "[postCreate] ran two", "[postStart] ran three"]);
  });

  it("leave a new sandbox running when one fails, and the next apply runs what has not succeeded", async () => {
    const { engine, apply, ran, failing } = setUp();
    failing.add("two");
    const { outcome } = await apply(desired);
    expect(outcome.resources).toEqual([
      {
        address: "sandbox/web",
        result: "failed",
        error: { code: "hook-failed", message: "postCreate: two failed", details: ["exit status 1"] },
      },
    ]);
    expect(containersOf(engine)).toEqual(["devc-acme-web running"]);
    expect(notesOf(engine)).toHaveLength(1);
    failing.clear();
    expect((await apply(desired)).outcome.resources).toEqual([{ address: "sandbox/web", result: "done" }]);
    expect(ran()).toEqual(["onCreate one", "postCreate two", "postCreate two", "postStart three"]);
    expect(notesOf(engine)).toEqual([]);
  });

  it("run again after a restart only when they belong to a start", async () => {
    const { engine, apply, ran } = setUp();
    await apply(desired);
    engine.hands.stop(engine.snapshot().containers[0]?.id ?? "");
    await apply(desired);
    expect(ran()).toEqual(["onCreate one", "postCreate two", "postStart three", "postStart three"]);
  });

  it("run all again in a replacement", async () => {
    const { apply, ran } = setUp();
    await apply(desired);
    await apply(desiredOf({ web: { hooks: HOOKS, env: { NEW: "1" } } }));
    expect(ran()).toEqual([...Array(2)].flatMap(() => ["onCreate one", "postCreate two", "postStart three"]));
  });

  it("keep the old sandbox when one fails in a replacement, and leave nothing of the candidate", async () => {
    const { engine, apply, failing } = setUp();
    await apply(desired);
    const [before] = engine.snapshot().containers;
    failing.add("two");
    const { outcome } = await apply(desiredOf({ web: { hooks: HOOKS, env: { NEW: "1" } } }));
    expect(outcome.resources[0]?.error?.code).toBe("hook-failed");
    expect(engine.snapshot().containers).toEqual([before]);
    expect(notesOf(engine)).toEqual([]);
  });

  it("let a candidate stay when the person interrupts them, and the next apply goes on with it", async () => {
    const { engine, apply, ran } = setUp();
    await apply(desired);
    const changed = desiredOf({ web: { hooks: { ...HOOKS, postCreate: ["two"] }, env: { NEW: "1" } } });
    const stop = new AbortController();
    const stopping = fakeHooks(({ phase }) => {
      if (phase === "onCreate") stop.abort();
      return "succeeds";
    });
    const made = plan(changed, await observe(engine, changed));
    const { interrupted } = await execute(made, {
      engine,
      origin: ORIGIN,
      clock: { now: () => 0, sleep: async () => {} },
      emit: () => {},
      signal: stop.signal,
      buildImage: fakeBuilder(),
      runHooks: stopping.runHooks,
      hostValues: {},
    });
    expect(interrupted).toBe(true);
    expect(containersOf(engine)).toEqual(["devc-acme-web running", "devc-acme-web.next running"]);
    await apply(changed);
    expect(containersOf(engine)).toEqual(["devc-acme-web running"]);
    expect(ran().slice(3)).toEqual(["onCreate one", "postCreate two", "postStart three"]);
  });

  it("do not keep other projects from being done", async () => {
    const { apply, failing } = setUp();
    failing.add("bad");
    const { outcome } = await apply(desiredOf({ api: {}, web: { hooks: { postCreate: ["bad"] } } }));
    expect(outcome.resources.map(({ address, result }) => [address, result])).toEqual([
      ["sandbox/api", "done"],
      ["sandbox/web", "failed"],
    ]);
  });
});

describe("values of the host", () => {
  const placeholder = `hosts:${"a1".repeat(16)}`;
  const desired = desiredOf({ web: { env: { TOKEN: `Bearer ${placeholder}` }, hooks: { postCreate: ["one"] } } });
  const hostValues = { [placeholder]: "s3cret" };

  it("are in the container's variables, and nowhere else", async () => {
    const { engine, apply, events } = setUp();
    await apply(desired, { hostValues });
    const [container] = engine.snapshot().containers;
    expect(container?.spec.env).toEqual({ TOKEN: "Bearer s3cret" });
    expect(JSON.stringify([container?.labels, events])).not.toContain("s3cret");
  });

  it("are taken to be what the container was made with, also when it is looked at", async () => {
    const { engine, apply } = setUp();
    await apply(desired, { hostValues });
    const live = await observe(engine, desired, { refresh: true });
    expect(Object.keys(live.details)).toHaveLength(1);
    expect(plan(desired, live).ops).toEqual([]);
  });

  it("that are not known make no container", async () => {
    const { engine, apply } = setUp();
    const { outcome } = await apply(desired);
    expect(outcome.resources[0]?.error).toMatchObject({ code: "internal" });
    expect(containersOf(engine)).toEqual([]);
  });
});

describe("a sandbox whose image is built", () => {
  const waiting = desiredOf({ web: { build: { bases: ["debian:12"] }, awaitsImage: true } });
  const known = desiredOf({ web: { build: { bases: ["debian:12"] } } });

  it("is ready to be planned when the image came, and then made from it with the labels of its devcontainer", async () => {
    const { engine, apply } = setUp({ images: {}, registry: { "debian:12": {} } });
    const first = await apply(waiting);
    expect(first.outcome.resources).toEqual([{ address: "image/web", result: "done" }]);
    expect(readyProjects(first)).toEqual(["web"]);
    const second = await apply(known);
    expect(readyProjects(second)).toEqual([]);
    const [container] = engine.snapshot().containers;
    expect(container?.labels).toMatchObject({
      [DEVCONTAINER_LABEL.folder]: "/src/acme/web",
      [BUILD_LABEL.inputs]: "i1",
      [BUILD_LABEL.root]: ORIGIN.root,
      [BUILD_LABEL.address]: "image/web",
    });
    expect((await apply(known)).plan.ops).toEqual([]);
  });

  it("is skipped when the image does not come, and the step's last lines are told", async () => {
    const broken = desiredOf({ api: {}, web: { build: { target: "broken" }, awaitsImage: true } });
    const { apply } = setUp();
    const round = await apply(broken);
    expect(round.outcome.resources).toEqual([
      {
        address: "image/web",
        result: "failed",
        error: {
          code: "build-failed",
          message: "building devc-acme-web:built failed",
          details: ["the last line of the step"],
        },
      },
      { address: "sandbox/api", result: "done" },
      { address: "sandbox/web", result: "skipped" },
    ]);
    expect(readyProjects(round)).toEqual([]);
  });

  it("is skipped when a base that another project pulls does not come", async () => {
    const { apply } = setUp({ images: {} });
    const round = await apply(desiredOf({ api: {}, web: { build: { bases: ["debian:12"] }, awaitsImage: true } }));
    expect(round.outcome.resources.map(({ address, result }) => [address, result])).toEqual([
      ["image/api", "failed"],
      ["image/web", "skipped"],
      ["sandbox/api", "skipped"],
      ["sandbox/web", "skipped"],
    ]);
  });
});

describe("observing", () => {
  it("asks once more for containers that other tools made, when a project has a devcontainer.json", async () => {
    const { engine } = setUp();
    const desired = desiredOf({ a: { hooks: HOOKS }, b: { hooks: HOOKS } });
    engine.clearCalls();
    await observe(engine, desired);
    expect(engine.callCounts()).toEqual({ listContainers: 2, listNetworks: 1, listVolumes: 1, inspectImage: 1 });
  });

  it("asks for the images a build starts from, and for none that is known already", async () => {
    const { engine } = setUp();
    const desired = desiredOf({ web: { build: { bases: ["debian:12", "debian:13"] } } });
    engine.clearCalls();
    const { images } = await observe(engine, desired, { images: { "debian:12": null } });
    expect(Object.keys(images).toSorted()).toEqual(["debian:12", "debian:13", sandboxOf(desired, "web").spec.image]);
    expect(engine.callCounts()).toMatchObject({ inspectImage: 2 });
  });
});
