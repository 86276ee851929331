import { createHash } from "node:crypto";
import { join } from "node:path";

import { DevcError } from "../../model/errors.ts";
import { boundPath, claimGeneration, isGenerationHeld } from "./generations.ts";
import { describeHolder, encodeGreeting } from "./holder.ts";
import type { LockHolder } from "./holder.ts";
import { isListening, listenAt, visit } from "./socket.ts";
import type { Listener, Visit } from "./socket.ts";

/** Time, as `Clock` of the reconciler has it. */
export type LockClock = { now(): number; sleep(ms: number, signal?: AbortSignal): Promise<void> };

/** What is locked, by whom, and for how long to wait. */
export type LockRequest = {
  /** `EngineFacts.id`: the same engine reached by two addresses is one lock. */
  engineId: string;
  workspace: string;
  platform: NodeJS.Platform;
  /** Folder of the user for socket files, made when missing; used where the kernel has no names of its own (not on Linux and Windows). */
  dir: string;
  /** Milliseconds to wait for another holder; 0 when absent. */
  wait?: number;
  clock: LockClock;
  signal?: AbortSignal;
  /** What others are told about us. */
  holder: LockHolder;
  /** Told once when waiting begins; undefined when the holder does not say who it is. */
  onWait?: (holder: LockHolder | undefined) => void;
};

/** Which lock it is. */
export type LockIdentity = Pick<LockRequest, "engineId" | "workspace" | "platform" | "dir">;

/** A held lock. Released by `release`, by `await using`, or by the kernel when the process ends. */
export type Lock = AsyncDisposable & { release(): Promise<void> };

type Attempt = { held: true; listener: Listener } | { held: false; path: string } | { held: false; again: true };

/** How long a holder may take to say who it is. */
const ANSWER_MS = 1000;
/** Pause between tries, so that a holder that hangs up at once cannot make us spin. */
const RETRY_MS = 20;
/** Pause between tries while the holder does not talk to us and its end cannot be seen. */
const POLL_MS = 250;
/** Longest single wait; timers of Node end at 2^31 ms. */
const MAX_NAP_MS = 3_600_000;
/** Tries in which the lock was neither taken nor held by anybody. */
const MAX_LOST_RACES = 100;

/**
 * Takes the lock of one workspace on one engine. It lives in the kernel (a listening socket) and dies with the process,
 * whatever ends it. Linux: an abstract unix socket, one per network namespace and for all users, so a devc inside a
 * container does not exclude one outside. Windows: a named pipe. Elsewhere: socket files in `dir`, which exclude the
 * processes of one user.
 * @throws DevcError `locked` naming the holder when `wait` is over, `interrupted` when the signal aborts,
 * `lock-failed` when the lock cannot be made
 */
export async function acquireLock(request: LockRequest): Promise<Lock> {
  const attempt = attempter(request);
  const deadline = request.clock.now() + (request.wait ?? 0);
  let waiting = false;
  for (let lost = 0; ;) {
    stopIfAborted(request);
    const result = await attempt();
    if (result.held) return lockOf(result.listener);
    const found: Visit = "again" in result ? { gone: true } : await visit(result.path, napper(request, ANSWER_MS));
    if (found.gone) {
      // Freed or taken between two looks of ours. Losing for ever means somebody sits on the name without listening.
      if (++lost > MAX_LOST_RACES) throw lockedError(request, undefined);
      await napper(request, RETRY_MS)();
      continue;
    }
    const left = deadline - request.clock.now();
    if (left <= 0) {
      found.leave();
      throw lockedError(request, found.holder);
    }
    if (!waiting) request.onWait?.(found.holder);
    waiting = true;
    await untilWorthTrying(request, found, left);
  }
}

/**
 * Whether some devc holds the lock of a workspace, without taking it: nobody who wants it is kept from it.
 * @throws the system's error when the folder of the lock cannot be read
 */
export function isLockHeld(request: LockIdentity): Promise<boolean> {
  const place = lockPlace(request);
  return "name" in place ? isListening(place.name) : isGenerationHeld(place.folder);
}

/** Waits until the holder ends or the time is over; a holder that does not say who it is is looked at again soon. */
async function untilWorthTrying(request: LockRequest, found: Visit & { gone: false }, left: number): Promise<void> {
  const over = new AbortController();
  try {
    const nap = napper(request, Math.min(left, found.holder ? MAX_NAP_MS : POLL_MS))(over.signal);
    await (found.holder ? Promise.race([found.ended, nap]) : nap);
    nap.catch(() => {}); // settled by the abort below; its outcome no longer matters
  } finally {
    over.abort();
    found.leave();
  }
  await napper(request, Math.min(left, RETRY_MS))();
}

function napper(request: LockRequest, ms: number): (signal?: AbortSignal) => Promise<void> {
  return async (signal) => {
    const signals = [request.signal, signal].filter((each) => each !== undefined);
    try {
      await request.clock.sleep(ms, AbortSignal.any(signals));
    } catch (error) {
      stopIfAborted(request);
      throw error;
    }
  };
}

function attempter(request: LockRequest): () => Promise<Attempt> {
  const greeting = encodeGreeting(request.holder);
  const place = lockPlace(request);
  if ("name" in place) {
    const path = place.name;
    return async () => {
      const listener = await usable(request, path, () => listenAt(path, greeting));
      return listener ? { held: true, listener } : { held: false, path };
    };
  }
  const { folder } = place;
  let tries = 0;
  return async () => {
    const { pid, startedAt } = request.holder;
    const id = `${pid.toString(36)}-${startedAt.toString(36)}${(tries++).toString(36)}`;
    checkLength(folder, id);
    return usable(request, folder, () => claimGeneration(folder, id, greeting));
  };
}

/** Where the lock of a workspace is: a name in the kernel, or the folder of its socket files. */
export function lockPlace(request: LockIdentity): { name: string } | { folder: string } {
  const digest = createHash("sha256")
    .update(JSON.stringify([request.engineId, request.workspace]))
    .digest("hex");
  if (request.platform === "linux") return { name: abstractName(digest) };
  if (request.platform === "win32") return { name: `\\\\.\\pipe\\devc-${digest}` };
  return { folder: join(request.dir, digest.slice(0, 12)) };
}

/**
 * The name fills all 108 bytes of `sun_path`: Node 20 pads shorter abstract names with zeros and later ones may not, and
 * then two versions would not meet (unix(7): the length is part of the name).
 */
function abstractName(digest: string): string {
  return `\0devc-${digest}`.padEnd(108, "-");
}

/** macOS has the smallest `sun_path`, 104 bytes with its end mark (unix(4)); a longer path would be cut silently. */
function checkLength(folder: string, id: string): void {
  const path = boundPath(folder, id);
  if (Buffer.byteLength(path) <= 103) return;
  throw new DevcError("lock-failed", `the path of the lock's socket is longer than the system allows: ${path}`, {
    subject: folder,
    hint: "set XDG_STATE_HOME to a shorter folder",
  });
}

async function usable<T>(request: LockRequest, place: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (cause) {
    const message = `the lock of workspace ${request.workspace} cannot be made: ${(cause as Error).message}`;
    const subject = place.replace("\0", "@");
    throw new DevcError("lock-failed", message, { subject, hint: `make ${request.dir} writable for you`, cause });
  }
}

function lockOf(listener: Listener): Lock {
  const release = () => listener.close();
  return { release, [Symbol.asyncDispose]: release };
}

function stopIfAborted(request: LockRequest): void {
  if (!request.signal?.aborted) return;
  throw new DevcError("interrupted", `interrupted while waiting for the lock of workspace ${request.workspace}`, {
    cause: request.signal.reason,
  });
}

function lockedError(request: LockRequest, holder: LockHolder | undefined): DevcError {
  const who = holder ? describeHolder(holder) : "a process that does not say who it is";
  return new DevcError("locked", `workspace ${request.workspace} is being changed by another devc (${who})`, {
    subject: request.workspace,
    hint: holder
      ? `--wait SECONDS waits for it; if it is stuck, end process ${holder.pid}`
      : "--wait SECONDS waits for it; on Linux `ss -xlp` shows who holds the socket @devc-…",
  });
}
