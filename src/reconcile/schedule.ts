import type { Op } from "./plan-types.ts";

/** How an operation ended. `skipped`: something it needed did not succeed, or the run was interrupted before it began. */
export type OpResult = "done" | "failed" | "skipped";

/** How a graph is run. */
export type ScheduleOptions = {
  /** Makes the call; resolves to whether it succeeded. A rejection is a bug and ends the run. */
  run: (op: Op) => Promise<boolean>;
  /** Called once for every operation, when it is settled. */
  onSettled: (op: Op, result: OpResult) => void;
  /** How many operations of one name may run at once. */
  limitOf: (name: Op["op"]) => number;
  /** How many operations may run at once in all. */
  parallelism: number;
  /** Aborted: nothing new begins. */
  signal: AbortSignal;
};

/** Runs operations as soon as all they come after has succeeded, lowest number first, within the limits. */
export async function schedule(ops: Op[], options: ScheduleOptions): Promise<void> {
  const missing = new Map(ops.map(({ n, after }) => [n, after.length]));
  const dependents = dependentsOf(ops);
  const begun = new Set<number>();
  const settled = new Set<number>();
  const running = new Map<Op["op"], number>();
  let ready = ops.filter(({ after }) => after.length === 0);
  let active = 0;

  const settle = (op: Op, result: OpResult): void => {
    if (settled.has(op.n)) return;
    settled.add(op.n);
    options.onSettled(op, result);
    for (const next of dependents.get(op.n) ?? []) {
      const left = (missing.get(next.n) ?? 0) - 1;
      missing.set(next.n, left);
      if (result !== "done") settle(next, "skipped");
      else if (left === 0) ready.push(next);
    }
  };

  const count = (name: Op["op"], change: number): void => {
    active += change;
    running.set(name, (running.get(name) ?? 0) + change);
  };

  await new Promise<void>((resolve, reject) => {
    const start = (op: Op): void => {
      count(op.op, 1);
      const finish = (succeeded: boolean): void => {
        count(op.op, -1);
        settle(op, succeeded ? "done" : "failed");
        advance();
      };
      void options.run(op).then(finish).catch(reject);
    };
    const advance = (): void => {
      if (options.signal.aborted) for (const op of ops) if (!begun.has(op.n)) settle(op, "skipped");
      const candidates = ready.filter(({ n }) => !settled.has(n)).toSorted((a, b) => a.n - b.n);
      ready = [];
      for (const op of candidates) {
        const free = active < options.parallelism && (running.get(op.op) ?? 0) < options.limitOf(op.op);
        if (free) {
          begun.add(op.n);
          start(op);
        } else {
          ready.push(op);
        }
      }
      if (active === 0) resolve();
    };
    advance();
  });
}

function dependentsOf(ops: Op[]): Map<number, Op[]> {
  const dependents = new Map<number, Op[]>();
  for (const op of ops) {
    for (const n of op.after) dependents.set(n, [...(dependents.get(n) ?? []), op]);
  }
  return dependents;
}
