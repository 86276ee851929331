import { DevcError, EXIT } from "../model/errors.ts";
import type { Reporter } from "../report/reporter.ts";
import type { Context, Host } from "./context.ts";

/** What an interrupt reaches. */
export type Interrupts = Pick<Context, "stopping"> & {
  /** Stops watching. */
  end(): void;
};

/**
 * Watches SIGINT and SIGTERM. The first asks to stop: what is begun is finished, nothing new begins. The second gives up.
 * @param owned the command deals with signals itself: nothing is watched
 */
export function watchInterrupts(
  host: Pick<Host, "onSignal" | "terminate">,
  reporter: Pick<Reporter, "message">,
  owned: boolean,
): Interrupts {
  const stopping = new AbortController();
  const interrupt = (): void => {
    if (stopping.signal.aborted) return host.terminate(EXIT.interrupted);
    reporter.message("Stopping: what has begun is finished first. Interrupt again to give up at once.");
    stopping.abort(new DevcError("interrupted", "interrupted", { hint: "run the command again to finish" }));
  };
  const ends = owned ? [] : (["SIGINT", "SIGTERM"] as const).map((signal) => host.onSignal(signal, interrupt));
  return {
    stopping: stopping.signal,
    end: () => {
      for (const end of ends) end();
    },
  };
}
