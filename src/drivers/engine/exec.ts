import { Duplex, PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";

import { DevcError } from "../../model/errors.ts";
import { environmentList } from "./create-body.ts";
import { demultiplex, write } from "./demux.ts";
import type { Driver } from "./driver.ts";
import type { ExecInstance, ExecRequest, ExecSession } from "./engine.ts";
import { connectionError, hasCode, unlessGone } from "./errors.ts";
import { inspectRow } from "./inspect.ts";
import { queryOf } from "./query.ts";
import type { Session } from "./session.ts";
import { READ_TIMEOUT_MS } from "./transport.ts";

type ExecRow = {
  ID: string;
  Running: boolean;
  ExitCode: number | null;
  Pid: number;
  ProcessConfig?: { entrypoint?: string; arguments?: string[] | null } | null;
};

/** Milliseconds between looks at a command whose output has ended: it usually has ended too. */
const FIRST_LOOK_MS = 5;
const LAST_LOOK_MS = 500;
/** A terminal exists a moment after its command was started; on a busy machine seconds: 4.75 of them in all. */
const RESIZE_TRIES = 20;
/** By so much each pause between two tries is longer than the one before. */
const RESIZE_PAUSE_MS = 25;

/**
 * Engines let go of a terminal on Ctrl-P Ctrl-Q, hold every Ctrl-P back until the next key, and Docker cannot be told to
 * stop that. So the sequence is one that nobody types and that begins with a key few programs use.
 */
const NEVER_TYPED = "ctrl-^,ctrl-@,ctrl-^,ctrl-_,ctrl-^,ctrl-@";

/** Runs a command: POST /containers/{id}/exec, then POST /exec/{id}/start upgraded to a raw stream. */
export async function startExec(driver: Driver, containerId: string, request: ExecRequest): Promise<ExecSession> {
  const { command, user, workdir, env, tty, stdin } = request;
  const what = `run ${command[0]} in container ${containerId}`;
  const docker = await driver.dockerode({ what, subject: containerId });
  const body = {
    Cmd: command,
    Tty: tty,
    ...(tty ? { DetachKeys: NEVER_TYPED } : {}),
    AttachStdin: stdin,
    AttachStdout: true,
    AttachStderr: true,
    ...(user === undefined ? {} : { User: user }),
    ...(workdir === undefined ? {} : { WorkingDir: workdir }),
    ...(env ? { Env: environmentList(env) } : {}),
  };
  const exec = await docker.getContainer(containerId).exec({ _body: body }).catch(notRunning(containerId));
  const socket = await exec.start({ hijack: true, _body: { Detach: false, Tty: tty } }).catch(notRunning(containerId));
  return createSession(driver, exec.id, containerId, socket, tty);
}

function notRunning(containerId: string): (error: unknown) => never {
  return (error) => {
    if (!hasCode(error, "engine-conflict")) throw error;
    throw new DevcError("sandbox-not-running", `nothing can be run in container ${containerId}: it does not run`, {
      subject: containerId,
      details: error.details,
      cause: error,
    });
  };
}

function createSession(driver: Driver, id: string, containerId: string, socket: Duplex, tty: boolean): ExecSession {
  const { session } = driver;
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const purpose = { what: `read the output of a command in container ${containerId}`, subject: containerId };
  if (tty) stderr.end();
  // A reader that lets go of the output lets go of the command: its connection must not keep the process alive.
  stdout.once("close", () => socket.destroy());
  const copying = (tty ? copy(socket, stdout) : demultiplex(socket, stdout, stderr)).then(
    () => {
      stdout.end();
      stderr.end();
    },
    (cause: unknown) => {
      const error = connectionError(session.transport.endpoint, purpose, cause);
      stdout.destroy(error);
      stderr.destroy(error);
      throw error;
    },
  );
  const exit = copying.then(() => exitStatus(driver, id, containerId));
  // Whoever only reads the output learns of a break from the streams; the exit status need not be asked for.
  exit.catch(() => {});
  return { stdin: inputOf(socket), stdout, stderr, resize: (columns, rows) => resize(driver, id, columns, rows), exit };
}

async function copy(socket: Duplex, stdout: PassThrough): Promise<void> {
  for await (const chunk of socket as AsyncIterable<Buffer>) await write(stdout, chunk);
}

/** The writing half of the connection. Its end closes only that half, so output goes on. */
function inputOf(socket: Duplex): Duplex {
  const input = new Duplex({
    read() {},
    write: (chunk: Buffer, encoding, callback) => void socket.write(chunk, encoding, callback),
    final: (callback) => void socket.end(callback),
  });
  input.push(null);
  socket.on("error", (error) => input.destroy(error));
  socket.once("close", () => input.destroy());
  return input;
}

/** Podman tells an exit code of 0 while a command runs, and both engines need a moment after its output has ended. */
async function exitStatus({ session, clock }: Driver, id: string, containerId: string): Promise<number> {
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LAST_LOOK_MS)) {
    const row = await unlessGone(inspectExec(session, id), undefined);
    if (!row) {
      const message = `the command's exit status is lost: container ${containerId} was stopped`;
      throw new DevcError("sandbox-not-running", message, { subject: containerId });
    }
    if (!row.Running) return row.ExitCode ?? 0;
    await clock.sleep(pause);
  }
}

async function resize({ session, clock }: Driver, id: string, columns: number, rows: number): Promise<void> {
  const path = `/exec/${encodeURIComponent(id)}/resize${queryOf({ h: rows, w: columns })}`;
  for (let tried = 1; ; tried++) {
    try {
      await session.json({
        method: "POST",
        path,
        what: "resize the terminal of a command",
        timeoutMs: READ_TIMEOUT_MS,
      });
      return;
    } catch (error) {
      if (tried === RESIZE_TRIES || hasCode(error, "engine-unreachable", "not-found")) throw error;
    }
    await clock.sleep(tried * RESIZE_PAUSE_MS);
  }
}

function inspectExec(session: Session, id: string): Promise<ExecRow> {
  const path = `/exec/${encodeURIComponent(id)}/json`;
  return session.json({ method: "GET", path, what: "inspect a running command", timeoutMs: READ_TIMEOUT_MS });
}

/** Execs of a container that run; Podman keeps those that ended on its list. */
export async function listExecs({ session }: Driver, containerId: string): Promise<ExecInstance[]> {
  const { ExecIDs } = await inspectRow(session, containerId);
  const rows = await Promise.all((ExecIDs ?? []).map((id) => unlessGone(inspectExec(session, id), undefined)));
  return rows.flatMap((row) => {
    if (!row?.Running) return [];
    const { entrypoint = "", arguments: rest } = row.ProcessConfig ?? {};
    return [{ id: row.ID, pid: row.Pid, command: [entrypoint, ...(rest ?? [])] }];
  });
}

/** Standard output of a short command; undefined when it cannot be run or fails. */
export async function outputOf(driver: Driver, containerId: string, command: string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr, exit } = await startExec(driver, containerId, { command, tty: false, stdin: false });
    const [text] = await Promise.all([buffer(stdout), buffer(stderr)]);
    return (await exit) === 0 ? text.toString() : undefined;
  } catch (error) {
    if (hasCode(error, "sandbox-not-running", "not-found", "engine-rejected", "engine-error")) return undefined;
    throw error;
  }
}
