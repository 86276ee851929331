import type { Engine } from "../drivers/engine/engine.ts";
import { DevcError } from "../model/errors.ts";
import type { Origin } from "../model/labels.ts";
import type { Address } from "../model/names.ts";
import { perform } from "./call.ts";
import type { CallContext } from "./call.ts";
import type { Clock } from "./clock.ts";
import type { Emit, Outcome, ResourceResult } from "./events.ts";
import type { Op, Plan } from "./plan-types.ts";
import { schedule } from "./schedule.ts";

/** What an execution needs besides the plan. */
export type ExecuteContext = {
  engine: Engine;
  origin: Origin;
  clock: Clock;
  emit: Emit;
  /** Aborted: nothing new begins, calls that run come to their end; waits, pulls, builds and commands are given up. */
  signal?: AbortSignal;
  /** Cap on every class of calls at once. */
  parallelism?: number;
} & Pick<CallContext, "buildImage" | "runHooks" | "hostValues">;

/**
 * How many calls of a class may run at once: engines serialize creation, pulls share a line, builds and commands use what the
 * machine has, stops mostly wait.
 */
const CLASS_LIMITS: Record<string, number> = {
  "image.pull": 3,
  "image.build": 2,
  "hooks.run": 4,
  "container.create": 4,
  "container.start": 4,
  "container.stop": 16,
};
const OTHER_LIMIT = 8;

type Failure = NonNullable<ResourceResult["error"]>;

/**
 * Runs a plan's operations as their graph allows and decides nothing: a failed operation undoes what the plan says, its
 * dependents are skipped, everything else goes on. Never throws for a failed operation; the outcome names each. A sandbox
 * that awaits an image is in the outcome only when the image did not come: what becomes of it, the next plan tells.
 */
export async function execute(plan: Plan, context: ExecuteContext): Promise<Outcome> {
  const { clock, emit } = context;
  const began = clock.now();
  const signal = context.signal ?? new AbortController().signal;
  const results = new Map<Address, ResourceResult>();
  const open = new Map(plan.changes.map(({ address, ops }) => [address, ops.length]));
  const created = new Map<number, string>();
  const done = new Set<number>();
  const failures = new Map<number, Failure>();
  await schedule(plan.ops, {
    run: async (op) => {
      const failure = await runOne(op, { ...context, signal, created });
      if (failure) failures.set(op.n, failure);
      return !failure;
    },
    onSettled: ({ n, address }, result) => {
      if (result === "done") done.add(n);
      const error = failures.get(n);
      if (error) results.set(address, { address, result: "failed", error });
      else if (!results.has(address) && result === "skipped") results.set(address, { address, result: "skipped" });
      const left = (open.get(address) ?? 0) - 1;
      open.set(address, left);
      if (left === 0) emit({ type: "resource_done", address, result: results.get(address)?.result ?? "done" });
    },
    limitOf: (name) => CLASS_LIMITS[name] ?? OTHER_LIMIT,
    parallelism: context.parallelism ?? Number.POSITIVE_INFINITY,
    signal,
  });
  for (const { address, waitsFor = [] } of plan.changes.filter(({ awaitsImage }) => awaitsImage)) {
    if (waitsFor.every((n) => done.has(n))) continue;
    results.set(address, { address, result: "skipped" });
    emit({ type: "resource_done", address, result: "skipped" });
  }
  const resources = plan.changes
    .filter(({ ops, address }) => ops.length > 0 || results.has(address))
    .map(({ address }): ResourceResult => results.get(address) ?? { address, result: "done" });
  return { resources, interrupted: signal.aborted, planned: plan.summary, durationMs: clock.now() - began };
}

type RunContext = ExecuteContext & Pick<CallContext, "created" | "signal">;

async function runOne(op: Op, context: RunContext): Promise<Failure | undefined> {
  const { clock, emit, created } = context;
  const began = clock.now();
  const onProgress = (status: string, current: number, total: number): void =>
    emit({ type: "op_progress", op, status, current, total });
  const onOutput = (line: string): void => emit({ type: "op_output", op, line });
  emit({ type: "op_start", op });
  try {
    const id = await perform(op, op.address, { ...context, onProgress, onOutput });
    if (id !== undefined) created.set(op.n, id);
    emit({ type: "op_done", op, durationMs: clock.now() - began });
    return undefined;
  } catch (error) {
    const failure = failureOf(error);
    // What was given up is not broken: the next apply goes on with the candidate.
    const givenUp = context.signal.aborted && (op.op === "container.wait" || op.op === "hooks.run");
    if (!givenUp) failure.details.push(...(await undo(op, context)));
    emit({ type: "op_failed", op, ...failure });
    return failure;
  }
}

/** Undoes what a failed operation leaves, in order. What cannot be undone is told: the next plan finds it by name. */
async function undo(op: Op, context: RunContext): Promise<string[]> {
  const troubles: string[] = [];
  for (const call of op.undo ?? []) {
    context.emit({ type: "op_undo", op, message: call.op });
    try {
      await perform(call, op.address, { ...context, onProgress: () => {}, onOutput: () => {} });
    } catch (error) {
      const { message } = failureOf(error);
      troubles.push(`could not undo (${call.op}): ${message}; the next apply finishes it`);
    }
  }
  return troubles;
}

/** Expected errors become values; anything else is a bug and is thrown on. */
function failureOf(error: unknown): Failure {
  if (error instanceof DevcError) return { code: error.code, message: error.message, details: [...error.details] };
  if (error instanceof Error && error.name === "AbortError")
    return { code: "interrupted", message: "interrupted", details: [] };
  throw error;
}
