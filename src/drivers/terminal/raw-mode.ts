import type { TerminalInput } from "./streams.ts";

/**
 * Hands every key to the program inside: no echo, no line editing, no signals from keys here. The returned function
 * gives the terminal its former modes back. When the process dies without calling it, Node itself restores the modes
 * at exit and on SIGINT and SIGTERM (its `ResetStdio`).
 */
export function enterRawMode(stdin: TerminalInput): () => void {
  if (!stdin.isTTY || !stdin.setRawMode) return () => {};
  stdin.setRawMode(true);
  return () => {
    stdin.on("error", ignoreGone);
    stdin.setRawMode?.(false);
  };
}

/**
 * Sets raw mode anew after the process was stopped and continued: a shell sets its own modes meanwhile, and Node leaves
 * the terminal alone when it believes that nothing changes.
 */
export function renewRawMode(stdin: TerminalInput): void {
  stdin.setRawMode?.(false);
  stdin.setRawMode?.(true);
}

/** A terminal that was closed has no modes to restore; Node tells so by an error event (EIO). */
function ignoreGone(): void {}
