import { DevcError } from "../../model/errors.ts";
import type { Engine, ExecRequest, ExecSession } from "../engine/engine.ts";
import { forwardSignals, pause } from "./forward-signals.ts";
import type { Run } from "./forward-signals.ts";
import { drain, feed } from "./pump.ts";
import { enterRawMode, renewRawMode } from "./raw-mode.ts";
import { MARKER_VARIABLE, sendSignal } from "./send-signal.ts";
import type { TerminalWorld } from "./streams.ts";

/** A command to run with our standard streams. */
export type RunRequest = {
  command: string[];
  user?: string;
  workdir?: string;
  env?: Record<string, string>;
  /** Give it a terminal, which must then be ours too. */
  tty: boolean;
  /** Feed it our standard input (default); without, its input is empty and ours stays untouched. */
  stdin?: boolean;
};

/** Exit status of a program that wrote to a pipe nobody reads: 128 + SIGPIPE. */
const EXIT_PIPE = 141;
/** How long a program may take to end once nobody reads its output, per signal. */
const PIPE_MS = 1000;
/** A command that ends at once has no terminal to resize: only a failure that it survives is worth a word. */
const RESIZE_GRACE_MS = 1000;

/**
 * Runs a command in a running container with our standard streams and gives its exit status: that of the program,
 * 128 + n when signal n ended it.
 *
 * With a terminal: raw mode, its size and every change of it, `TERM` and `COLORTERM`; the terminal's modes are restored
 * however this ends. Without: bytes as they are, standard error apart, end of input passed on. SIGINT, SIGTERM and
 * SIGHUP go to the program in both cases; when nobody reads our output any more, it gets SIGPIPE, then SIGTERM.
 * @throws DevcError `sandbox-not-running`; `interrupted` when a signal could not be delivered or did not end the program
 * (it then goes on inside); `engine-unreachable` when the connection breaks
 */
export async function runExec(
  engine: Engine,
  containerId: string,
  request: RunRequest,
  world: TerminalWorld,
): Promise<number> {
  const { tty, user, stdin: fed = true } = request;
  const { stdin, stdout, stderr } = world.streams;
  const over = new AbortController();
  const [failed, unread] = [withholder<never>(), withholder<number>()];
  const target = { marker: world.marker, ...(user === undefined ? {} : { user }) };
  const run: Run = {
    world,
    send: (signal) => sendSignal(engine, containerId, target, signal),
    over: over.signal,
    fail: failed.reject,
  };
  const atEnd = (step: () => void) => over.signal.addEventListener("abort", step);
  try {
    const deliverSignals = forwardSignals(run);
    const starting = engine.exec(containerId, execRequest(request, world));
    atEnd(() => void starting.then(close, () => {}));
    const session = await Promise.race([starting, failed.promise]);
    deliverSignals();
    if (tty) {
      atEnd(enterRawMode(stdin));
      atEnd(world.onSignal("SIGCONT", () => renewRawMode(stdin)));
      followSize(run, session);
    }
    if (fed) atEnd(feed(stdin, session.stdin));
    const onBroken = () => void endUnread(run).then(() => unread.resolve(EXIT_PIPE), run.fail);
    const outputs = [drain(session.stdout, stdout, onBroken), drain(session.stderr, stderr, () => {})];
    const done = Promise.all([session.exit, ...outputs.map((each) => each.catch(connectionBroke(engine)))]);
    return await Promise.race([done.then(([code]) => code), failed.promise, unread.promise]);
  } finally {
    over.abort();
  }
}

function execRequest(
  { command, user, workdir, env, tty, stdin = true }: RunRequest,
  world: TerminalWorld,
): ExecRequest {
  return {
    command,
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workdir }),
    env: { ...(tty ? terminalVariables(world.env) : {}), ...env, [MARKER_VARIABLE]: world.marker },
    tty,
    stdin,
  };
}

/** Lets go of a command, whether or not it has ended: nothing of it may keep this process alive. */
function close({ stdin, stdout, stderr }: ExecSession): void {
  for (const stream of [stdin, stdout, stderr]) stream.destroy();
}

function connectionBroke(engine: Engine): (cause: unknown) => never {
  return (cause) => {
    const message = `the connection to the engine at ${engine.endpoint} broke while the command ran`;
    throw new DevcError("engine-unreachable", message, { subject: engine.endpoint, cause });
  };
}

/** Nobody reads: end the program as a pipe would, and leave it when it does not care. */
async function endUnread(run: Run): Promise<void> {
  for (const signal of ["SIGPIPE", "SIGTERM"]) {
    if (run.over.aborted) return;
    await run.send(signal);
    await pause(run, PIPE_MS);
  }
}

/** Gives the terminal inside our size, now and whenever it changes. */
function followSize(run: Run, session: ExecSession): void {
  const { stdout } = run.world.streams;
  const apply = async () => {
    const { columns, rows } = stdout;
    if (!columns || !rows) return;
    try {
      await session.resize(columns, rows);
    } catch (error) {
      await pause(run, RESIZE_GRACE_MS);
      if (!run.over.aborted) run.world.notice(`the size of the terminal could not be set: ${(error as Error).message}`);
    }
  };
  const onResize = () => void apply();
  stdout.on("resize", onResize);
  run.over.addEventListener("abort", () => stdout.off("resize", onResize));
  onResize();
}

function terminalVariables(env: Record<string, string | undefined>): Record<string, string> {
  const { TERM, COLORTERM } = env;
  return { TERM: TERM || "xterm", ...(COLORTERM ? { COLORTERM } : {}) };
}

function withholder<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Most commands end by themselves and nobody waits for this any more.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
