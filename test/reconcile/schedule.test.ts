import { describe, expect, it } from "vitest";

import type { Op } from "../../src/reconcile/plan-types.ts";
import { schedule } from "../../src/reconcile/schedule.ts";
import type { ScheduleOptions } from "../../src/reconcile/schedule.ts";

function op(n: number, after: number[] = [], name: "volume.remove" | "image.pull" = "volume.remove"): Op {
  const common = { n, address: `volume/p/${n}`, after, cause: "test" };
  return name === "image.pull" ? { ...common, op: name, reference: "r" } : { ...common, op: name, name: `v${n}` };
}

/** Runs a graph whose calls end when the test says so. */
function runGraph(ops: Op[], options: Partial<ScheduleOptions> = {}) {
  const trace: string[] = [];
  const running = new Map<number, (succeeded: boolean) => void>();
  const finished = schedule(ops, {
    run: ({ n }) => {
      trace.push(`start ${n}`);
      return new Promise((resolve) => running.set(n, resolve));
    },
    onSettled: ({ n }, result) => void trace.push(`${result} ${n}`),
    limitOf: () => 10,
    parallelism: 10,
    signal: new AbortController().signal,
    ...options,
  });
  const end = async (n: number, succeeded = true): Promise<void> => {
    running.get(n)?.(succeeded);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { trace, end, finished };
}

describe("schedule", () => {
  it("starts an operation when everything before it has succeeded", async () => {
    const { trace, end, finished } = runGraph([op(1), op(2), op(3, [1, 2])]);
    await end(1);
    expect(trace).toEqual(["start 1", "start 2", "done 1"]);
    await end(2);
    await end(3);
    await finished;
    expect(trace.slice(3)).toEqual(["done 2", "start 3", "done 3"]);
  });

  it("skips everything that depends on a failure and runs the rest", async () => {
    const { trace, end, finished } = runGraph([op(1), op(2, [1]), op(3, [2]), op(4)]);
    await end(1, false);
    await end(4);
    await finished;
    expect(trace).toEqual(["start 1", "start 4", "failed 1", "skipped 2", "skipped 3", "done 4"]);
  });

  it("keeps to the limit of a kind of call and lets others pass", async () => {
    const ops = [op(1, [], "image.pull"), op(2, [], "image.pull"), op(3)];
    const { trace, end, finished } = runGraph(ops, { limitOf: (name) => (name === "image.pull" ? 1 : 10) });
    expect(trace).toEqual(["start 1", "start 3"]);
    await end(1);
    await end(2);
    await end(3);
    await finished;
    expect(trace).toContain("start 2");
  });

  it("keeps to the limit over all kinds", async () => {
    const { trace, end, finished } = runGraph([op(1), op(2), op(3)], { parallelism: 1 });
    await end(1);
    await end(2);
    await end(3);
    await finished;
    expect(trace).toEqual(["start 1", "done 1", "start 2", "done 2", "start 3", "done 3"]);
  });

  it("begins nothing new after an interruption and waits for what runs", async () => {
    const interruption = new AbortController();
    const { trace, end, finished } = runGraph([op(1), op(2, [1]), op(3)], { signal: interruption.signal });
    interruption.abort();
    await end(1);
    await end(3);
    await finished;
    expect(trace).toEqual(["start 1", "start 3", "done 1", "skipped 2", "done 3"]);
  });

  it("passes a bug on instead of hiding it", async () => {
    const bug = new Error("bug");
    const { finished } = runGraph([op(1)], { run: () => Promise.reject(bug) });
    await expect(finished).rejects.toBe(bug);
  });

  it("ends at once without operations", async () => {
    await expect(runGraph([]).finished).resolves.toBeUndefined();
  });
});
