import * as fc from "fast-check";

/** Factor on the number of runs of every property: `DEVC_PROP_RUNS=10` runs each ten times as often. */
const FACTOR = Number(process.env["DEVC_PROP_RUNS"] ?? 1);

/** Seed of the whole run: `DEVC_PROP_SEED`, or a fresh one. */
const SEED = Number(process.env["DEVC_PROP_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

process.stdout.write(`property seed ${SEED} (repeat with DEVC_PROP_SEED=${SEED})\n`);

/** A number of runs after the factor, at least one. */
export function scaled(runs: number): number {
  return Math.max(1, Math.round(runs * FACTOR));
}

/** Checks a property with this run's seed; a failure prints the seed, the path and the smallest counterexample. */
export async function check<Inputs extends [unknown, ...unknown[]]>(
  runs: number,
  property: fc.IAsyncProperty<Inputs> | fc.IProperty<Inputs>,
): Promise<void> {
  await fc.assert(property as fc.IAsyncProperty<Inputs>, {
    seed: SEED,
    numRuns: scaled(runs),
    interruptAfterTimeLimit: 600_000,
  });
}
