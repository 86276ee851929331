import type { Clock } from "../../../src/reconcile/clock.ts";
import type { Op } from "../../../src/reconcile/plan-types.ts";

/** A stream that keeps what was written, and a clock that the test moves. */
export type Stage = {
  written: string[];
  stream: { write(text: string): void; columns: number; rows: number };
  clock: Clock;
  /** Moves time on and lets whoever sleeps that long wake up. */
  advance(ms: number): Promise<void>;
};

/** Starts at the epoch. */
export function createStage(size: { columns: number; rows: number } = { columns: 80, rows: 24 }): Stage {
  let now = 0;
  let sleepers: { until: number; wake: () => void }[] = [];
  const written: string[] = [];
  return {
    written,
    stream: { ...size, write: (text) => void written.push(text) },
    clock: {
      now: () => now,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason as Error));
          sleepers.push({ until: now + ms, wake: resolve });
        }),
    },
    async advance(ms) {
      now += ms;
      const due = sleepers.filter(({ until }) => until <= now);
      sleepers = sleepers.filter(({ until }) => until > now);
      for (const { wake } of due) wake();
      // Whoever woke up runs in microtasks; a macrotask later all of them have.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** An operation of a sandbox. */
export function startOf(project: string, n = 1): Op {
  return { n, address: `sandbox/${project}`, op: "container.start", container: { id: "c" }, after: [], cause: "test" };
}

/** What is on the screen after some writes: understands the two codes the live area uses. */
export function screenOf(written: string[]): string[] {
  const lines: string[] = [""];
  // oxlint-disable-next-line no-control-regex -- escape codes are what is interpreted
  for (const part of written.join("").split(/(\u001b\[\d+F\u001b\[0J|\n)/)) {
    // oxlint-disable-next-line no-control-regex -- see above
    const up = /^\u001b\[(\d+)F/.exec(part);
    if (up) lines.splice(-1 - Number(up[1]), Number(up[1]) + 1, "");
    else if (part === "\n") lines.push("");
    else lines[lines.length - 1] += part;
  }
  return lines;
}
