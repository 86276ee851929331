import { DevcError } from "../../model/errors.ts";
import type { ForwardedSignal, TerminalWorld } from "./streams.ts";

/** What the parts of one run share. */
export type Run = {
  world: TerminalWorld;
  /** Sends a signal to the program; false when it could not be sent. */
  send(signal: string): Promise<boolean>;
  /** Aborts when the run is over, whatever its end. */
  over: AbortSignal;
  /** Ends the run early with this error. */
  fail(error: unknown): void;
};

const FORWARDED: ForwardedSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
/** A person who interrupts this often wants out, whatever the program does. */
const PATIENCE = 3;
/** A program that has just been started or has just ended is not found at once. */
const SEND_TRIES = 10;
const SEND_PAUSE_MS = 100;

/**
 * Hands our signals on to the program until the run is over. Those that arrive before the returned function is called
 * are kept until then.
 */
export function forwardSignals(run: Run): () => void {
  const early: ForwardedSignal[] = [];
  let started = false;
  let received = 0;
  const hand = (signal: ForwardedSignal) => void deliver(run, signal).catch(run.fail);
  const receive = (signal: ForwardedSignal) => {
    if (++received >= PATIENCE) run.fail(interrupted(signal, `it did not end after ${received - 1} signals`));
    else if (started) hand(signal);
    else early.push(signal);
  };
  for (const signal of FORWARDED) {
    const off = run.world.onSignal(signal, () => receive(signal));
    run.over.addEventListener("abort", off);
  }
  return () => {
    started = true;
    for (const signal of early.splice(0)) hand(signal);
  };
}

/** Sleeps, but not past the end of the run: nothing may hold the process when the program has ended. */
export async function pause({ world, over }: Run, ms: number): Promise<void> {
  try {
    await world.clock.sleep(ms, over);
  } catch (error) {
    if (!over.aborted) throw error;
  }
}

async function deliver(run: Run, signal: ForwardedSignal): Promise<void> {
  for (let left = SEND_TRIES; !run.over.aborted; left--) {
    if (await run.send(signal)) return;
    if (left === 0) throw interrupted(signal, "the signal could not be sent to it");
    await pause(run, SEND_PAUSE_MS);
  }
}

function interrupted(signal: string, why: string): DevcError {
  return new DevcError("interrupted", `left after ${signal}; the program may go on inside the sandbox: ${why}`, {
    hint: "stop the sandbox to end everything in it",
  });
}
