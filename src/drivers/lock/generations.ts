import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { isListening, listenAt } from "./socket.ts";
import type { Listener } from "./socket.ts";

/** The generation that holds the lock, or the one that keeps us from it. */
export type FileClaim =
  | { held: true; listener: Listener }
  | { held: false; path: string }
  | { held: false; again: true };

/** Name of the socket inside a generation's folder; short because socket paths are limited to about 100 bytes. */
const SOCKET = "s";

/**
 * One try to take a lock made of socket files, for systems without abstract sockets. `folder` belongs to this lock alone.
 *
 * A socket file outlives its process, and "unlink the dead one, then bind" lets two contenders each unlink the other's
 * live socket. So nothing is ever replaced: holders are numbered, `folder/7/s` is the socket of the seventh. The highest
 * number decides: it listens, or it is dead for good and number 8 may be claimed. A claim prepares its folder, already
 * listening, under another name and renames it to `8`, which fails when `8` exists and is not empty: of many contenders
 * one wins. Old numbers are removed by the winner in ascending order. A contender that slept through that could still
 * claim a number that was used and removed; it notices because the exact folder it saw dead (told by its `id` file) is
 * then gone, and withdraws.
 *
 * @param id unique to this try among all processes of the machine, file name characters, begins with `<pid in base 36>-`
 * @returns `again` when another contender was faster and the state should be read anew
 * @throws the system's error when the folder cannot be used
 */
export async function claimGeneration(folder: string, id: string, greeting: string): Promise<FileClaim> {
  await prepare(folder, id);
  const last = await lastGeneration(folder);
  if (!last) return { held: false, again: true };
  const path = join(folder, String(last.number), SOCKET);
  if (last.number > 0 && (await isListening(path))) return { held: false, path };

  const own = join(folder, `t${id}`);
  await mkdir(own);
  const listener = await listenAt(join(own, SOCKET), greeting);
  if (!listener) throw new Error(`${own} is in use by another process`);
  await touch(join(own, id));
  const claimed = join(folder, String(last.number + 1));
  const won = await renamed(own, claimed);
  if (won && (await exists(join(folder, String(last.number), last.id)))) {
    await removeBefore(folder, last.number + 1, id);
    return { held: true, listener };
  }
  await listener.close();
  await discard(folder, won ? claimed : own, `x${id}`);
  return { held: false, again: true };
}

/** Whether the newest holder lives; false also where no lock was ever taken. Claims nothing. */
export async function isGenerationHeld(folder: string): Promise<boolean> {
  if (!(await exists(folder))) return false;
  const last = await lastGeneration(folder);
  // A folder that changes while it is read is in somebody's hands.
  return last === undefined || (last.number > 0 && isListening(join(folder, String(last.number), SOCKET)));
}

/** The longest path a claim binds, for the limit of the system: a folder that fits this fits all. */
export function boundPath(folder: string, id: string): string {
  return join(folder, `t${id}`, SOCKET);
}

/**
 * Makes the folder together with generation 0, which is dead by definition. Renaming a folder onto one that is not
 * empty fails, so generation 0 appears exactly once in the life of the lock.
 */
async function prepare(folder: string, id: string): Promise<void> {
  if (await exists(folder)) return;
  const draft = `${folder}.${id}`;
  await mkdir(join(draft, "0"), { recursive: true, mode: 0o700 });
  await touch(join(draft, "0", "0"));
  if (!(await renamed(draft, folder))) await rm(draft, { recursive: true });
}

/** Undefined when the folder changed while it was read. */
async function lastGeneration(folder: string): Promise<{ number: number; id: string } | undefined> {
  const numbers = (await readdir(folder)).filter((name) => /^\d+$/.test(name)).map(Number);
  if (numbers.length === 0) return undefined;
  const number = Math.max(...numbers);
  const id = (await entriesOf(join(folder, String(number)))).find((name) => name !== SOCKET);
  return id === undefined ? undefined : { number, id };
}

/** Removes former generations, lowest first (the order is what `claimGeneration` relies on), and what crashed tries left. */
async function removeBefore(folder: string, number: number, id: string): Promise<void> {
  const names = await readdir(folder);
  const former = names.filter((name) => /^\d+$/.test(name) && Number(name) < number);
  for (const name of former.toSorted((a, b) => Number(a) - Number(b))) {
    await discard(folder, join(folder, name), `x${id}.${name}`);
  }
  for (const name of names.filter((each) => /^[tx]/.test(each) && !isAlive(each.slice(1)))) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Renaming away first makes the number disappear at once, never as a folder that is half removed. */
async function discard(folder: string, path: string, grave: string): Promise<void> {
  if (await renamed(path, join(folder, grave))) await rm(join(folder, grave), { recursive: true, force: true });
}

/** False when the target is taken, or when another process removed the source first. */
async function renamed(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (["ENOTEMPTY", "EEXIST", "ENOENT"].includes(error.code ?? "")) return false;
      throw error;
    },
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, absent(false));
}

async function entriesOf(path: string): Promise<string[]> {
  return readdir(path).catch(absent<string[]>([]));
}

async function touch(path: string): Promise<void> {
  await (await open(path, "w", 0o600)).close();
}

function absent<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return value;
    throw error;
  };
}

/** Whether the process that made a try may still be at it. A reused process number only delays the cleaning. */
function isAlive(id: string): boolean {
  const pid = Number.parseInt(id, 36);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
