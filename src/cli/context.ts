import type { Readable, Writable } from "node:stream";

import type { Engine } from "../drivers/engine/engine.ts";
import type { Files } from "../drivers/files/files.ts";
import type { ExitCode } from "../model/errors.ts";
import type { Clock } from "../reconcile/clock.ts";
import type { RunHooks } from "../reconcile/hook-runner.ts";
import type { BuildImage } from "../reconcile/image-builder.ts";
import type { Reporter } from "../report/reporter.ts";
import type { COMMON } from "./common.ts";
import type { Input, OperandSpec, OptionTable } from "./options.ts";

/** Standard input as the commands need it; a terminal when `isTTY`. */
export type InputStream = Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };
/** Standard output or error as the commands need it; sizes are of the terminal, in cells. */
export type OutputStream = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** The three standard streams. */
export type Streams = { stdin: InputStream; stdout: OutputStream; stderr: OutputStream };

/** Variables of the environment. */
export type Environment = Record<string, string | undefined>;

/** The world as the process sees it; tests pass their own. */
export type Host = {
  cwd: string;
  env: Environment;
  platform: NodeJS.Platform;
  /** Home folder of the user, absolute. */
  home: string;
  /** Number of the user, where the system has one. */
  uid?: number;
  pid: number;
  streams: Streams;
  clock: Clock;
  fs: Files;
  /** Bytes nobody can guess, for identifiers. */
  randomBytes(length: number): Uint8Array;
  /** Finds and connects the engine. `explicit` is the value of `--engine`. */
  connectEngine(host: Host, options: { explicit: string | undefined; cacheDir: string }): Promise<Engine>;
  /** Builds an image from files of this host. */
  buildImage: BuildImage;
  /** Runs commands of a devcontainer.json in a sandbox. */
  runHooks: RunHooks;
  /** Calls `handler` on each delivery of a signal until the returned function is called. */
  onSignal(signal: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGCONT", handler: () => void): () => void;
  /** Ends the process at once. */
  terminate(exitCode: number): void;
};

/** What a command works with. */
export type Context = Host & {
  /** devc's own version. */
  version: string;
  /** Name of the command that runs. */
  command: string;
  /** Derived data that is safe to delete, absolute. */
  cacheDir: string;
  /** Data that lasts, absolute. */
  stateDir: string;
  /** Sockets and locks of this login, absolute. */
  runtimeDir: string;
  /** The only way to print. */
  reporter: Reporter;
  /** Aborts at the first interrupt: finish what is begun, begin nothing. A second one ends the process. */
  stopping: AbortSignal;
  /** The engine, found and connected at the first call; closed when the command ends. */
  connect(): Promise<Engine>;
};

/** A command: one file in this folder exports these names. */
export type Command<Table extends OptionTable = typeof COMMON> = {
  /** Its own options beside those of `COMMON`. */
  options: Table;
  operands: OperandSpec;
  /** Printed by `devc COMMAND --help`, whole. */
  help: string;
  /** The command deals with signals itself: the entry watches none. */
  ownsSignals?: boolean;
  /** @throws DevcError whatever goes wrong; the entry prints it and picks the exit status. */
  run(context: Context, input: Input<Table>): Promise<ExitCode | number>;
};
