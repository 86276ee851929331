import { describe, expect, it } from "vitest";

import { createMemoryEngine } from "../../src/drivers/engine/memory/memory-engine.ts";
import type { MemoryEngine, MemoryOptions } from "../../src/drivers/engine/memory/types.ts";
import type { Desired } from "../../src/model/desired.ts";
import type { ApplyEvent, Outcome } from "../../src/reconcile/events.ts";
import { execute } from "../../src/reconcile/execute.ts";
import { observe } from "../../src/reconcile/observe.ts";
import { plan } from "../../src/reconcile/plan.ts";
import { NO_TOOLS } from "../support/execute-tools.ts";
import { planText } from "../support/plan-text.ts";
import { desiredOf, ORIGIN } from "../support/workspace.ts";

/** Time that passes only when somebody sleeps. */
function createTestClock() {
  let now = 0;
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    now += ms;
  };
  return { now: () => now, sleep };
}

function setUp(options: Partial<MemoryOptions> = {}) {
  const clock = createTestClock();
  const engine = createMemoryEngine({ clock, images: { "debian:12": {}, "debian:13": {} }, ...options });
  const events: ApplyEvent[] = [];
  const apply = async (desired: Desired, signal?: AbortSignal): Promise<Outcome> => {
    const planned = plan(desired, await observe(engine, desired));
    const emit = (event: ApplyEvent): void => void events.push(event);
    return execute(planned, { engine, origin: ORIGIN, clock, emit, ...NO_TOOLS, ...(signal ? { signal } : {}) });
  };
  return { clock, engine, events, apply };
}

const resultsOf = ({ resources }: Outcome) => Object.fromEntries(resources.map((r) => [r.address, r.result]));

function stateOf(engine: MemoryEngine): [string, string, string][] {
  return engine.snapshot().containers.map(({ name, state, spec }) => [name, state, spec.env?.["V"] ?? ""]);
}

const ONE = desiredOf({ web: { env: { V: "one" } } });
const TWO = desiredOf({ web: { env: { V: "two" } } });

describe("execute", () => {
  it("makes what is planned, and then nothing is left to plan", async () => {
    const { engine, apply } = setUp();
    const desired = desiredOf({ api: { state: "stopped" }, web: { volumes: ["cache"], open: true } });
    const outcome = await apply(desired);
    expect(resultsOf(outcome)).toEqual({
      "network/web": "done",
      "sandbox/api": "done",
      "sandbox/web": "done",
      "volume/web/cache": "done",
    });
    expect(planText(plan(desired, await observe(engine, desired)))).toBe("");
  });

  it("a plan that finds nothing makes three list calls and one image inspect per reference", async () => {
    const { engine, apply } = setUp();
    const desired = desiredOf({ a: {}, b: {}, c: { image: "debian:13" }, d: { open: true, volumes: ["x"] } });
    await apply(desired);
    engine.clearCalls();
    await observe(engine, desired);
    expect(engine.callCounts()).toEqual({ listContainers: 1, listNetworks: 1, listVolumes: 1, inspectImage: 2 });
  });

  it("pulls an absent image and creates from what was pulled", async () => {
    const { engine, apply } = setUp({ images: {}, registry: { "debian:12": {} } });
    expect(resultsOf(await apply(ONE))).toEqual({ "image/web": "done", "sandbox/web": "done" });
    expect(stateOf(engine)).toEqual([["devc-acme-web", "running", "one"]]);
  });

  it("skips a sandbox whose image cannot be pulled and finishes the others", async () => {
    const { apply } = setUp({ images: { "debian:12": {} } });
    const outcome = await apply(desiredOf({ api: {}, web: { image: "nowhere:1" } }));
    expect(resultsOf(outcome)).toEqual({ "image/web": "failed", "sandbox/api": "done", "sandbox/web": "skipped" });
  });

  it("keeps the old sandbox and the candidate's last words when the candidate fails", async () => {
    const { engine, apply } = setUp({
      process: ({ env }) => (env?.["V"] === "two" ? { exits: { code: 3 }, prints: ["cannot find config"] } : undefined),
    });
    await apply(ONE);
    const outcome = await apply(TWO);
    expect(outcome.resources).toEqual([
      {
        address: "sandbox/web",
        result: "failed",
        error: {
          code: "container-failed",
          message: "devc-acme-web.next is not ready: it ended with status 3",
          details: ["cannot find config"],
        },
      },
    ]);
    expect(stateOf(engine)).toEqual([["devc-acme-web", "running", "one"]]);
  });

  it("does not replace a healthy sandbox by one that is unhealthy", async () => {
    const sick = { process: { health: { becomes: "unhealthy", after: 1_000 } } } as const;
    const { engine, apply } = setUp({ images: { "debian:12": {}, "debian:13": sick } });
    await apply(ONE);
    const outcome = await apply(desiredOf({ web: { image: "debian:13", env: { V: "two" } } }));
    expect(outcome.resources[0]?.error?.message).toBe("devc-acme-web.next is not ready: it is unhealthy");
    expect(stateOf(engine)).toEqual([["devc-acme-web", "running", "one"]]);
  });

  it("gives up on a health check that never settles", async () => {
    const slow = { process: { health: { becomes: "healthy", after: 10 ** 9 } } } as const;
    const { apply } = setUp({ images: { "debian:12": slow } });
    const outcome = await apply(ONE);
    expect(outcome.resources[0]?.error?.message).toBe("devc-acme-web is not ready: it did not become healthy in time");
  });

  it("leaves nothing behind when a new sandbox cannot start", async () => {
    const { engine, apply } = setUp({ process: () => ({ failsToStart: "no such file: /bin/sh" }) });
    const outcome = await apply(ONE);
    expect(outcome.resources[0]?.error?.message).toContain("no such file: /bin/sh");
    expect(stateOf(engine)).toEqual([]);
  });

  it("begins nothing after an interruption and says so", async () => {
    const { apply } = setUp();
    const outcome = await apply(desiredOf({ a: {}, b: {} }), AbortSignal.abort());
    expect(outcome.interrupted).toBe(true);
    expect(resultsOf(outcome)).toEqual({ "sandbox/a": "skipped", "sandbox/b": "skipped" });
  });

  it("tells every operation's start and end and every resource's result", async () => {
    const { events, apply } = setUp();
    await apply(ONE);
    const told = events.map((event) => ("op" in event ? `${event.type} ${event.op.op}` : event.type));
    expect(told).toEqual([
      "op_start container.create",
      "op_done container.create",
      "op_start container.start",
      "op_done container.start",
      "op_start container.wait",
      "op_done container.wait",
      "resource_done",
    ]);
  });

  it("does not take a volume of its name that somebody else made", async () => {
    const { engine, apply } = setUp();
    const volume = { name: "devc-acme-web.cache", labels: { owner: "other" }, spec: { driver: "local" } } as const;
    await engine.hands.create.createVolume(volume);
    const outcome = await apply(desiredOf({ web: { volumes: ["cache"] } }));
    expect(outcome.resources).toMatchObject([
      { address: "sandbox/web", result: "skipped" },
      { address: "volume/web/cache", result: "failed", error: { code: "engine-conflict" } },
    ]);
    expect(engine.snapshot().containers).toEqual([]);
  });

  it("removes the record of an update in place together with its container", async () => {
    const { engine, apply } = setUp();
    await apply(desiredOf({ web: { resources: { pids: 100 } } }));
    await apply(desiredOf({ web: { resources: { pids: 200 } } }));
    expect(engine.snapshot().volumes).toHaveLength(1);
    const replaced = desiredOf({ web: { env: { V: "two" }, resources: { pids: 200 } } });
    await apply(replaced);
    expect(engine.snapshot().volumes).toEqual([]);
    expect(planText(plan(replaced, await observe(engine, replaced)))).toBe("");
  });
});
