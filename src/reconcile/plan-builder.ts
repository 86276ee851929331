import type { Address } from "../model/names.ts";
import type { Change, Op, OpCall } from "./plan-types.ts";

/** Collects the operations and changes of one plan and numbers the operations in the order they are added. */
export type PlanBuilder = {
  /** Adds an operation and gives its number. `undo` runs when this operation fails. */
  op(address: Address, cause: string, call: OpCall, options?: { after?: number[]; undo?: OpCall[] }): number;
  /** Adds a change; its `ops` are all operations that were added for its address. */
  change(change: Omit<Change, "ops">): void;
  /** Numbers of the operations of an address, in order. */
  opsOf(address: Address): number[];
  /** Declares that an operation makes something usable: `image:<reference>`, `volume:<name>`, `network:<name>`. */
  provide(thing: string, n: number): void;
  /** The operation that makes a thing usable; undefined when it already is. */
  providerOf(thing: string): number | undefined;
  finish(): { changes: Change[]; ops: Op[] };
};

/** Starts an empty plan. */
export function createPlanBuilder(): PlanBuilder {
  const ops: Op[] = [];
  const changes: Omit<Change, "ops">[] = [];
  const byAddress = new Map<Address, number[]>();
  const providers = new Map<string, number>();
  const opsOf = (address: Address): number[] => byAddress.get(address) ?? [];
  return {
    op(address, cause, call, options = {}) {
      const n = ops.length + 1;
      const after = [...new Set(options.after)].toSorted((a, b) => a - b);
      ops.push({ n, address, ...call, after, cause, ...(options.undo ? { undo: options.undo } : {}) });
      byAddress.set(address, [...opsOf(address), n]);
      return n;
    },
    change: (change) => void changes.push(change),
    opsOf,
    provide: (thing, n) => void providers.set(thing, n),
    providerOf: (thing) => providers.get(thing),
    finish: () => ({
      ops,
      changes: changes
        .map((change) => ({ ...change, ops: opsOf(change.address) }))
        .toSorted((a, b) => (a.address < b.address ? -1 : 1)),
    }),
  };
}
