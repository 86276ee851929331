import { DevcError } from "../../model/errors.ts";
import type { Engine, ExecSession } from "../engine/engine.ts";

/** What hooks need of the world outside, besides an engine. */
export type HooksWorld = {
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. */
  clock: { sleep(ms: number, signal?: AbortSignal): Promise<void> };
  /** Bytes nobody can guess. */
  randomBytes(length: number): Uint8Array;
};

/** How a short script ended. */
export type ScriptResult = { status: number; stdout: string; stderr: string };

/** More than a script of ours ever prints. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

/**
 * Runs a short POSIX shell script in a container; it needs `/bin/sh` and nothing else unless the script does.
 * @param words `$1`, `$2`, … of the script
 * @throws DevcError what the engine throws, among it its refusal of a user that does not exist
 */
export async function runScript(
  engine: Engine,
  containerId: string,
  { script, words, user }: { script: string; words: string[]; user?: string | undefined },
): Promise<ScriptResult> {
  const session = await engine.exec(containerId, {
    command: ["/bin/sh", "-c", script, "sh", ...words],
    ...(user === undefined ? {} : { user }),
    workdir: "/",
    tty: false,
    stdin: false,
  });
  const [stdout, stderr, status] = await Promise.all([textOf(session.stdout), textOf(session.stderr), session.exit]);
  return { status, stdout, stderr };
}

/** A word of hexadecimal digits nobody can guess. */
export function randomWord({ randomBytes }: HooksWorld): string {
  return Buffer.from(randomBytes(12)).toString("hex");
}

/** Lets go of a command, whether or not it has ended; how it ends is nobody's concern any more. */
export function letGo({ stdin, stdout, stderr, exit }: ExecSession): void {
  exit.catch(() => {});
  for (const stream of [stdin, stdout, stderr]) stream.destroy();
}

/** Whether a container went away while something ran in it. */
export function isGone(error: unknown): boolean {
  return error instanceof DevcError && (error.code === "not-found" || error.code === "sandbox-not-running");
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let left = MAX_OUTPUT_BYTES;
  for await (const chunk of stream) {
    const part = (chunk as Buffer).subarray(0, left);
    left -= part.length;
    if (part.length > 0) chunks.push(part);
  }
  return Buffer.concat(chunks).toString("utf8");
}
