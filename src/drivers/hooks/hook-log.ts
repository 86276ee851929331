import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { HookPhase } from "../../model/devcontainer/lifecycle.ts";
import { DevcError } from "../../model/errors.ts";
import type { RunHooks } from "../../reconcile/hook-runner.ts";
import { errorCodeOf } from "../files/files.ts";

/** Where logs are and what time it is. */
export type HookLogOptions = {
  /** Data of the user that lasts, absolute. */
  stateDir: string;
  workspace: string;
  now(): number;
};

/** Bytes a log may have; of a longer one the second half is kept. */
const MAX_BYTES = 10 * 1024 * 1024;

/**
 * Lets a runner keep a log of what it prints: one private file per project, of the last run that printed anything. Each line
 * has the time and the phase: `2026-01-31T10:00:00.000Z [postCreate] …`, `[postCreate:NAME]` for a member of the object form.
 * A log that cannot be written fails nothing: one line of output says so.
 * @param append add to the log of the last run instead of replacing it
 */
export function logHooks(runHooks: RunHooks, options: HookLogOptions & { append?: boolean }): RunHooks {
  return async (engine, request) => {
    const path = hookLogPath(options, request.project);
    const log = createWriter(path, options);
    const onOutput = (phase: HookPhase, name: string | undefined, line: string): void => {
      const problem = log.write(phase, name, line);
      if (problem !== undefined) request.onOutput(phase, undefined, `devc: the log ${path} cannot be kept: ${problem}`);
      request.onOutput(phase, name, line);
    };
    try {
      await runHooks(engine, { ...request, onOutput });
    } catch (error) {
      if (error instanceof DevcError) log.write(undefined, undefined, error.message);
      throw error;
    }
  };
}

/** The lines of a project's log, oldest first; undefined when there is none. */
export function readHookLog(options: Omit<HookLogOptions, "now">, project: string): string[] | undefined {
  try {
    const lines = readFileSync(hookLogPath(options, project), "utf8").split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines;
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function hookLogPath({ stateDir, workspace }: Omit<HookLogOptions, "now">, project: string): string {
  return join(stateDir, "hooks", workspace, `${project}.log`);
}

/** Writes lines; the first one begins the log anew unless it is appended to. Gives the error code of the first failure. */
function createWriter(path: string, { now, append = false }: { now(): number; append?: boolean }) {
  let size: number | undefined;
  let broken = false;
  const open = (): number => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (!append) rmSync(path, { force: true });
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  };
  return {
    write(phase: HookPhase | undefined, name: string | undefined, line: string): string | undefined {
      if (broken) return undefined;
      const where = name === undefined ? (phase ?? "devc") : `${phase}:${name}`;
      const text = `${new Date(now()).toISOString()} [${where}] ${line}\n`;
      try {
        size ??= open();
        appendFileSync(path, text, { mode: 0o600 });
        size += Buffer.byteLength(text);
        if (size > MAX_BYTES) size = halve(path);
        return undefined;
      } catch (error) {
        broken = true;
        return errorCodeOf(error) ?? String(error);
      }
    },
  };
}

/** Drops the older half of a log, whole lines; gives its new size. */
function halve(path: string): number {
  const all = readFileSync(path);
  const kept = all.subarray(all.indexOf(0x0a, all.length / 2) + 1);
  writeFileSync(`${path}.new`, kept, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return kept.length;
}
