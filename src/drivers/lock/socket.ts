import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";

import { decodeGreeting, MAX_GREETING_BYTES } from "./holder.ts";
import type { LockHolder } from "./holder.ts";

/** A listening socket that proves its process is alive. */
export type Listener = { close(): Promise<void> };

/** What a connection to a lock's socket found. `gone`: nobody listens there. */
export type Visit =
  | { gone: true }
  | {
      gone: false;
      /** Undefined when whoever listens did not answer as devc does. */
      holder: LockHolder | undefined;
      /** Settles when the other end closes; never while it lives. */
      ended: Promise<void>;
      leave(): void;
    };

/** Waiters stay connected to learn of the end; more of them than this poll instead, so that none can exhaust our descriptors. */
const MAX_VISITORS = 64;

const OCCUPIED = new Set(["EADDRINUSE", "EACCES", "EPERM"]);
const NOBODY = new Set(["ECONNREFUSED", "ENOENT"]);

/**
 * Listens at a path and greets every visitor with one line.
 * @returns undefined when the address is taken (for a Windows pipe of another user: EACCES)
 * @throws the system's error for anything else
 */
export async function listenAt(path: string, greeting: string): Promise<Listener | undefined> {
  const visitors = new Set<Socket>();
  const server = createServer((socket) => greet(socket, visitors, greeting));
  server.maxConnections = MAX_VISITORS;
  const problem = await started(server, path);
  if (problem) {
    if (OCCUPIED.has(problem.code ?? "")) return undefined;
    throw problem;
  }
  // Holding the lock must not keep a process alive whose work is done.
  server.unref();
  return { close: () => stopped(server, visitors) };
}

/**
 * Connects and reads who is there, waiting for the answer no longer than `patience` takes to settle.
 * Rejects only when `patience` does.
 */
export async function visit(path: string, patience: (signal: AbortSignal) => Promise<void>): Promise<Visit> {
  const socket = connect(path);
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const answered = new AbortController();
  const answer = firstAnswer(socket).finally(() => answered.abort());
  const timeout = patience(answered.signal).then(
    () => ({ connected: true, line: undefined }) as const,
    (error: unknown) => {
      if (answered.signal.aborted) return answer;
      socket.destroy();
      throw error;
    },
  );
  const { connected, line } = await Promise.race([answer, timeout]);
  if (!connected) return { gone: true };
  const holder = line === undefined ? undefined : decodeGreeting(line);
  // A stranger may send for ever; only a silent holder's connection is worth keeping, to see it end.
  if (holder) socket.on("data", () => socket.destroy());
  else socket.destroy();
  return { gone: false, holder, ended, leave: () => socket.destroy() };
}

/** Whether somebody listens at a path. Any answer but "nobody" counts as alive: a lock errs towards held. */
export async function isListening(path: string): Promise<boolean> {
  const socket = connect(path);
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    socket.once("connect", () => resolve(undefined)).once("error", resolve);
  });
  socket.destroy();
  return !NOBODY.has(error?.code ?? "");
}

function greet(socket: Socket, visitors: Set<Socket>, greeting: string): void {
  visitors.add(socket);
  socket.unref();
  // A visitor that leaves early is no event of ours.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => visitors.delete(socket));
  // Visitors have nothing to say; one that talks is cut off instead of being read.
  socket.on("data", () => socket.destroy());
  socket.write(greeting);
}

function started(server: Server, path: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once("error", resolve);
    server.listen(path, () => {
      server.off("error", resolve);
      resolve(undefined);
    });
  });
}

async function stopped(server: Server, visitors: Set<Socket>): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of visitors) socket.destroy();
  await closed;
}

type Answer = { connected: boolean; line?: string | undefined };

function firstAnswer(socket: Socket): Promise<Answer> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk.subarray(0, MAX_GREETING_BYTES + 1)]);
      const end = received.indexOf(0x0a);
      if (end >= 0) resolve({ connected: true, line: received.toString("utf8", 0, end) });
      else if (received.length > MAX_GREETING_BYTES) resolve({ connected: true });
      if (end >= 0 || received.length > MAX_GREETING_BYTES) socket.removeAllListeners("data");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve({ connected: !NOBODY.has(error.code ?? "") }));
    socket.on("close", () => resolve({ connected: true }));
  });
}
