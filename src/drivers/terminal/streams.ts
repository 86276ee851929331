import type { Readable, Writable } from "node:stream";

/** Standard input; a terminal when `isTTY`. */
export type TerminalInput = Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };

/** Standard output or error; a terminal when `isTTY`, with its size in cells. Emits `resize` when that changes. */
export type TerminalOutput = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** Signals that end or interrupt a program and are handed on to the one inside. */
export type ForwardedSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** The outside of a command that runs in a sandbox. */
export type TerminalWorld = {
  streams: { stdin: TerminalInput; stdout: TerminalOutput; stderr: TerminalOutput };
  /** The caller's environment; a terminal's type is read from it. */
  env: Record<string, string | undefined>;
  /** Calls `handler` on each delivery until the returned function is called. */
  onSignal(signal: ForwardedSignal | "SIGCONT", handler: () => void): () => void;
  clock: { sleep(ms: number, signal?: AbortSignal): Promise<void> };
  /** Told what the person should know while the command runs. */
  notice(message: string): void;
  /** Unique among the commands of a sandbox, characters of a file name; marks the command's processes. */
  marker: string;
};
