import type { Engine, ExecSession } from "../engine/engine.ts";
import { endProcesses, HOOK_VARIABLE } from "./end-processes.ts";
import { letGo, randomWord } from "./inside.ts";
import type { HooksWorld } from "./inside.ts";
import { createLineReader, PRINT_SEAL } from "./lines.ts";
import type { RemoteUser } from "./remote-user.ts";

/** One command of a hook. */
export type HookRun = {
  containerId: string;
  command: string | string[];
  user: RemoteUser;
  env: Record<string, string>;
  timeoutMs: number;
  onLine(line: string): void;
  signal: AbortSignal;
};

/** How it ended; `leftovers`: not all of its processes could be ended. */
export type HookEnd = { how: "exited"; status: number } | { how: "timeout" | "interrupted"; leftovers: boolean };

/** Timers of Node end at 2^31 ms. */
const MAX_SLEEP_MS = 2 ** 31 - 1;

/**
 * Runs `$2 …` and closes both outputs with a word nobody can guess and the exit status. Without it a server that a command
 * leaves in the background would keep the output open, and the hook would never be over.
 */
const WRAPPER = `
word=$1; shift
"$@"
status=$?
${PRINT_SEAL} "$word" "$status"
${PRINT_SEAL} "$word" "$status" >&2
exit "$status"
`;

/**
 * Runs a command to its end, its output line by line, both streams in the order in which they arrive. It is over when the
 * program ends, whatever it leaves running in the background. When it takes too long or the signal aborts, all its processes
 * are ended.
 * @throws DevcError what the engine throws
 */
export async function runHookCommand(engine: Engine, run: HookRun, world: HooksWorld): Promise<HookEnd> {
  const { containerId, command, user, env, signal } = run;
  if (signal.aborted) return { how: "interrupted", leftovers: false };
  const [word, marker] = [randomWord(world), randomWord(world)];
  const words = typeof command === "string" ? ["/bin/sh", "-c", command] : command;
  const session = await engine.exec(containerId, {
    command: ["/bin/sh", "-c", WRAPPER, "sh", word, ...words],
    ...(user.name === undefined ? {} : { user: user.name }),
    workdir: user.workdir,
    env: { ...env, [HOOK_VARIABLE]: marker },
    tty: false,
    stdin: false,
  });
  const over = new AbortController();
  try {
    let hasEnded = false;
    const ended = statusOf(session, word, run.onLine).finally(() => (hasEnded = true));
    // Whoever stops a command does not wait for its status any more.
    ended.catch(() => {});
    const stopped = stopOf(run, world, over.signal);
    const end = await Promise.race([ended, stopped]);
    if (typeof end === "number") return { how: "exited", status: end };
    const target = { marker, user: user.name, uid: user.uid, hasEnded: () => hasEnded };
    const leftovers = !(await endProcesses(engine, containerId, target, world));
    return { how: end, leftovers };
  } finally {
    over.abort();
    letGo(session);
  }
}

/** The program's exit status, when both outputs are closed by the word, or have ended without it. */
async function statusOf(session: ExecSession, word: string, onLine: (line: string) => void): Promise<number> {
  const statuses = await Promise.all(
    [session.stdout, session.stderr].map(
      (stream) =>
        new Promise<number | undefined>((resolve, reject) => {
          const reader = createLineReader(onLine, { word, onSeal: resolve });
          stream.on("data", (chunk: Buffer) => reader.write(chunk));
          stream.on("error", reject);
          stream.on("end", () => {
            reader.end();
            resolve(undefined);
          });
        }),
    ),
  );
  return statuses.find((status) => status !== undefined) ?? session.exit;
}

async function stopOf(
  { timeoutMs, signal }: HookRun,
  { clock }: HooksWorld,
  over: AbortSignal,
): Promise<"timeout" | "interrupted"> {
  try {
    await clock.sleep(Math.min(timeoutMs, MAX_SLEEP_MS), AbortSignal.any([signal, over]));
    return "timeout";
  } catch (error) {
    if (signal.aborted || over.aborted) return "interrupted";
    throw error;
  }
}

/** A command in one line, for people. */
export function describeCommand(command: string | string[]): string {
  const text = typeof command === "string" ? command.trim() : command.join(" ");
  const [first = ""] = text.split("\n", 1);
  return first.length < text.length || first.length > 120 ? `${first.slice(0, 119)}…` : first;
}

/** What to say of an end that is no success: `ended with status 2`; undefined for success. */
export function troubleOf(end: HookEnd, { timeoutMs }: Pick<HookRun, "timeoutMs">): string | undefined {
  if (end.how === "exited") return end.status === 0 ? undefined : `ended with status ${end.status}`;
  const what = end.how === "timeout" ? `did not end within ${durationText(timeoutMs)}` : "was interrupted";
  return end.leftovers ? `${what}; some of its processes could not be ended` : what;
}

function durationText(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}
