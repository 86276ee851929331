import type { RemoteSpec } from "../../model/devcontainer/lifecycle.ts";
import type { Engine, ExecSession } from "../engine/engine.ts";
import { endProcesses, HOOK_VARIABLE } from "./end-processes.ts";
import { letGo, randomWord } from "./inside.ts";
import type { HooksWorld } from "./inside.ts";
import type { RemoteUser } from "./remote-user.ts";

/** Variables by name. */
export type Variables = Record<string, string>;

/** What a shell says of its environment, or why nothing is known. */
export type Probed = { env: Variables; problem?: string };

/** Milliseconds the start-up files of a shell may take; the reference CLI waits as long (injectHeadless.ts `probeUserEnv`). */
const PROBE_MS = 10_000;
/** An environment is far smaller: Linux limits a variable to 128 KiB. */
const MAX_LENGTH = 8 * 1024 * 1024;

const FLAGS: Record<Exclude<RemoteSpec["userEnvProbe"], "none">, string> = {
  loginShell: "-lc",
  interactiveShell: "-ic",
  loginInteractiveShell: "-lic",
};

/** Of the shell that was asked itself, or of no use elsewhere. */
const OF_THE_SHELL = new Set(["PWD", "OLDPWD", "SHLVL", "_", HOOK_VARIABLE]);

/**
 * Asks the user's shell for the environment its start-up files make: `userEnvProbe`. The shell prints it between two words
 * nobody can guess, because start-up files may print too. Never throws for a shell that fails or hangs: commands then get the
 * container's environment alone, and `problem` says so.
 * @param containerEnv the container's environment; what its PATH has and the shell's lacks is added, because the
 * /etc/profile of most distributions sets PATH anew
 */
export async function probeEnvironment(
  engine: Engine,
  containerId: string,
  { probe, user, containerEnv }: { probe: RemoteSpec["userEnvProbe"]; user: RemoteUser; containerEnv: Variables },
  world: HooksWorld,
): Promise<Probed> {
  if (probe === "none") return { env: {} };
  const [word, marker] = [randomWord(world), randomWord(world)];
  const session = await engine.exec(containerId, {
    // `echo` and no quotes inside: shells that are not POSIX understand it too.
    command: [user.shell, FLAGS[probe], `echo ${word}; cat /proc/self/environ; echo ${word}`],
    ...(user.name === undefined ? {} : { user: user.name }),
    workdir: "/",
    env: { [HOOK_VARIABLE]: marker },
    tty: false,
    stdin: false,
  });
  const output = await outputWithin(session, word, world);
  if (output === undefined) {
    const target = { marker, user: user.name, uid: user.uid, hasEnded: () => true };
    await endProcesses(engine, containerId, target, world);
    return { env: {}, problem: `${user.shell} took longer than ${PROBE_MS / 1000} s to start` };
  }
  const [, text] = output.split(word);
  if (text === undefined || !text.includes("="))
    return { env: {}, problem: `${user.shell} did not tell its environment` };
  return { env: withContainerPath(parseEnvironment(text.slice(1)), containerEnv, user.uid === 0) };
}

/**
 * What a command printed until the word came for the second time or it ended; undefined when that takes too long. Start-up
 * files may leave programs behind that keep the output open.
 */
async function outputWithin(session: ExecSession, word: string, { clock }: HooksWorld): Promise<string | undefined> {
  const over = new AbortController();
  let text = "";
  const complete = new Promise<boolean>((resolve) => {
    session.stdout.on("data", (chunk: Buffer) => {
      if (text.length <= MAX_LENGTH) text += chunk.toString("latin1");
      if (text.split(word, 3).length === 3) resolve(true);
    });
  });
  session.stderr.resume();
  const late = clock.sleep(PROBE_MS, over.signal).then(
    () => false,
    () => true,
  );
  try {
    const ended = session.exit.then(() => true);
    const inTime = await Promise.race([complete, ended, late]);
    return inTime ? Buffer.from(text, "latin1").toString("utf8") : undefined;
  } finally {
    over.abort();
    letGo(session);
  }
}

function parseEnvironment(text: string): Variables {
  const entries = text.split("\0").flatMap((variable): [string, string][] => {
    const at = variable.indexOf("=");
    return at < 1 ? [] : [[variable.slice(0, at), variable.slice(at + 1)]];
  });
  return Object.fromEntries(entries.filter(([name]) => !OF_THE_SHELL.has(name)));
}

/**
 * Adds folders of the container's PATH that the shell's PATH lacks, each behind the one it follows there; for users other
 * than root without those named `sbin`.
 */
export function withContainerPath(env: Variables, { PATH: given }: Variables, root: boolean): Variables {
  if (env["PATH"] === undefined || given === undefined) return env;
  const folders = env["PATH"].split(":");
  let next = 0;
  for (const folder of given.split(":")) {
    const at = folders.indexOf(folder);
    if (at >= 0) next = at + 1;
    else if (root || !/\/sbin\/?$/.test(folder)) folders.splice(next++, 0, folder);
  }
  return { ...env, PATH: folders.join(":") };
}
