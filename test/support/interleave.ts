import { setImmediate as macrotask } from "node:timers/promises";

import * as fc from "fast-check";

import type { MemoryEngine } from "../../src/drivers/engine/memory/types.ts";

/**
 * Runs several tasks on clients of one engine, one call at a time: `pick` chooses which of the waiting calls happens next.
 * Nothing else decides the order, so the same picks give the same run.
 */
export async function interleave<Result>(
  clients: MemoryEngine[],
  tasks: ((client: MemoryEngine) => Promise<Result>)[],
  pick: () => number,
): Promise<PromiseSettledResult<Result>[]> {
  const waiting: { client: number; go: () => void }[] = [];
  for (const [index, client] of clients.entries()) {
    client.setGate(() => new Promise((resolve) => void waiting.push({ client: index, go: resolve })));
  }
  const run = { isOver: false };
  const results = Promise.allSettled(tasks.map((task, index) => task(clients[index] as MemoryEngine))).finally(() => {
    run.isOver = true;
  });
  while (!run.isOver) {
    // Lets everything happen that the last call made possible, so that all calls that can be made are waiting.
    await macrotask();
    waiting.sort((a, b) => a.client - b.client);
    const [chosen] = waiting.length > 0 ? waiting.splice(pick() % waiting.length, 1) : [];
    chosen?.go();
  }
  for (const client of clients) client.setGate(undefined);
  return results;
}

/** Which waiting call is next, as data: the first client gets a lead, so that the second meets every stage of its work. */
export type Picks = { lead: number; seed: number };

/** Orders of the calls of two clients. */
export const arbitraryPicks: fc.Arbitrary<Picks> = fc.record({ lead: fc.nat({ max: 60 }), seed: fc.nat() });

/** A fresh chooser. */
export function chooser({ lead, seed }: Picks): () => number {
  const next = numbersFrom(seed);
  let given = 0;
  return () => ((given += 1) <= lead ? 0 : next());
}

/** Natural numbers that follow from a seed (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
