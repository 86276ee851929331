import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";

import { DevcError } from "../../../model/errors.ts";
import type { ExecInstance, ExecRequest, ExecSession } from "../engine.ts";
import { needContainer, type RunningExec, type State } from "./state.ts";
import type { MemoryExec } from "./types.ts";
import { specOf } from "./views.ts";

/** Exit status of a command whose container was stopped. */
const KILLED = 137;

/** `POST /containers/{id}/exec` and `/exec/{id}/start`. */
export function exec(state: State, containerId: string, request: ExecRequest): ExecSession {
  const container = needContainer(state, containerId);
  if (container.state !== "running") {
    throw new DevcError("sandbox-not-running", `container ${container.name} is ${container.state}`, {
      subject: containerId,
    });
  }
  const running: RunningExec = {
    id: state.newId(),
    containerId: container.id,
    pid: state.newPid(),
    command: request.command,
    abort: new AbortController(),
  };
  state.execs.set(running.id, running);
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  if (!request.stdin) stdin.end();
  if (request.tty) stderr.end();
  let size = { columns: 80, rows: 24 };
  const io: MemoryExec = {
    request,
    container: specOf(container),
    stdin,
    stdout,
    stderr: request.tty ? stdout : stderr,
    terminal: () => size,
    signal: running.abort.signal,
  };
  return {
    stdin,
    stdout,
    stderr,
    resize: async (columns, rows) => void (size = { columns, rows }),
    exit: runScript(state, running, io, [stdout, stderr]),
  };
}

/** Execs that run in a container. */
export function listExecs(state: State, containerId: string): ExecInstance[] {
  const container = needContainer(state, containerId);
  return [...state.execs.values()]
    .filter((running) => running.containerId === container.id)
    .map(({ id, pid, command }) => ({ id, pid, command }));
}

/** Runs the script to its end or until the container stops, and resolves when the output has been read. */
async function runScript(state: State, running: RunningExec, io: MemoryExec, outputs: PassThrough[]): Promise<number> {
  const { signal } = io;
  const stopped = new Promise<number>((resolve) =>
    signal.addEventListener("abort", () => resolve(KILLED), { once: true }),
  );
  try {
    return await Promise.race([state.options.exec?.(io) ?? 0, stopped]);
  } finally {
    state.execs.delete(running.id);
    for (const output of outputs) output.end();
    await Promise.all(outputs.map((output) => finished(output, { writable: false })));
  }
}
