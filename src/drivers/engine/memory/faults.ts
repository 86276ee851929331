import { DevcError } from "../../../model/errors.ts";
import type { Engine } from "../engine.ts";
import { CrashError, type MemoryCall, type MemoryEngine, type MemoryFault } from "./types.ts";

/** Methods that only ask. Everything else changes something. */
const READS: ReadonlySet<keyof Engine> = new Set<keyof Engine>([
  "facts",
  "listContainers",
  "listNetworks",
  "listVolumes",
  "inspectImage",
  "inspectContainer",
  "logTail",
  "listExecs",
  "events",
]);

/** Logs the calls of one client and makes them fail, wait or crash as a test wants. */
export type CallDesk = Pick<
  MemoryEngine,
  "calls" | "callCounts" | "clearCalls" | "setFaults" | "setGate" | "setReadOnly" | "revive"
> & {
  /** Logs a call and lets `effect`, which must not wait, happen as one step. Results are copies. */
  perform<T>(method: keyof Engine, args: unknown[], effect: () => T): Promise<T>;
};

/** A desk with an empty log and no faults. */
export function createCallDesk(): CallDesk {
  const calls: MemoryCall[] = [];
  let faultOf: ((call: MemoryCall) => MemoryFault | undefined) | undefined;
  let gate: ((call: Omit<MemoryCall, "index">) => Promise<void>) | undefined;
  let readOnly = false;
  let crashed = false;

  const strike = (fault: MemoryFault, call: MemoryCall): never => {
    if ("crash" in fault) {
      crashed = true;
      throw new CrashError(`crashed ${fault.when} call ${call.index}, ${call.method}`);
    }
    throw new DevcError(fault.code, `fault ${fault.when} call ${call.index}, ${call.method}`);
  };

  return {
    calls,
    callCounts() {
      const counts: Partial<Record<keyof Engine, number>> = {};
      for (const { method } of calls) counts[method] = (counts[method] ?? 0) + 1;
      return counts;
    },
    clearCalls: () => void calls.splice(0),
    setFaults: (decide) => void (faultOf = decide),
    setGate: (wait) => void (gate = wait),
    setReadOnly: (only) => void (readOnly = only),
    revive: () => void (crashed = false),
    async perform(method, args, effect) {
      const kind = READS.has(method) ? "read" : "mutation";
      // Never in the same step as the caller: a real engine is always elsewhere.
      await gate?.({ method, args, kind });
      await Promise.resolve();
      if (crashed) throw new CrashError(`${method} after the crash`);
      const call: MemoryCall = { index: calls.length, method, args, kind };
      calls.push(call);
      if (readOnly && kind === "mutation") throw new Error(`${method} while the engine is read-only`);
      const fault = faultOf?.(call);
      if (fault?.when === "before") strike(fault, call);
      if (!fault) return effect();
      // Whatever the engine answers is lost on the way.
      await Promise.allSettled([(async () => effect())()]);
      return strike(fault, call);
    },
  };
}
