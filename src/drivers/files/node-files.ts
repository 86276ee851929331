import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { dirname } from "node:path";

import { errorCodeOf } from "./files.ts";
import type { FileIdentity, FileKind, Files, FileStat } from "./files.ts";

const CHUNK_BYTES = 1024 * 1024;
/** Permissions and the set-ID and sticky bits (inode(7)). */
const PERMISSIONS = 0o7777;
/** Never a link, and never blocked by a FIFO that has taken a file's place. */
const NO_FOLLOW = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

/** The real file system. */
export const nodeFiles: Files = {
  lstat: (path) => describeStat(fs.lstatSync(path, { throwIfNoEntry: false })),
  stat: (path) => describeStat(fs.statSync(path, { throwIfNoEntry: false })),
  list: (path) => new Map(fs.readdirSync(path, { withFileTypes: true }).map((entry) => [entry.name, kindOf(entry)])),
  realpath: (path) => fs.realpathSync.native(path),
  read: readStart,
  identify,
  readlink: (path) => fs.readlinkSync(path),
  sha256: hashOf,
  stream: (path) => fs.createReadStream(path, { fd: fs.openSync(path, NO_FOLLOW), highWaterMark: CHUNK_BYTES }),
  writePrivate,
  createPrivate,
};

function describeStat(stats: fs.Stats | undefined): FileStat | undefined {
  if (!stats) return undefined;
  const { size, uid, gid } = stats;
  return { kind: kindOf(stats), size, ...(process.getuid ? { owner: { uid, gid } } : {}) };
}

function identify(path: string): FileIdentity | undefined {
  const stats = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stats) return undefined;
  const { mtimeNs, ctimeNs, ino } = stats;
  const mode = Number(stats.mode) & PERMISSIONS;
  return { kind: kindOf(stats), size: Number(stats.size), mode, mtimeNs, ctimeNs, inode: ino };
}

function kindOf(entry: fs.Stats | fs.BigIntStats | fs.Dirent): FileKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "symlink";
  if (entry.isSocket()) return "socket";
  if (entry.isFIFO()) return "fifo";
  return entry.isBlockDevice() || entry.isCharacterDevice() ? "device" : "other";
}

/** Non-blocking, because opening a FIFO would wait for a writer; the kind is taken from the open file, so it cannot change. */
function readStart(path: string, limit: number): Uint8Array {
  const descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const stats = fs.fstatSync(descriptor);
    if (!stats.isFile()) throw Object.assign(new Error(`not a regular file: ${path}`), { code: "EINVAL" });
    const bytes = new Uint8Array(Math.min(limit, stats.size));
    let length = 0;
    while (length < bytes.length) {
      const count = fs.readSync(descriptor, bytes, length, bytes.length - length, length);
      if (count === 0) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } finally {
    fs.closeSync(descriptor);
  }
}

function hashOf(path: string): string {
  const descriptor = fs.openSync(path, NO_FOLLOW);
  try {
    if (!fs.fstatSync(descriptor).isFile()) {
      throw Object.assign(new Error(`not a regular file: ${path}`), { code: "EINVAL" });
    }
    const hash = createHash("sha256");
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const count = fs.readSync(descriptor, chunk, 0, chunk.length, null);
      if (count === 0) return hash.digest("hex");
      hash.update(chunk.subarray(0, count));
    }
  } finally {
    fs.closeSync(descriptor);
  }
}

function writePrivate(path: string, text: string): void {
  throughTemporary(path, text, (temporary) => fs.renameSync(temporary, path));
}

/** A link to a whole file: unlike a new file that is then written, nobody ever sees it half full. */
function createPrivate(path: string, text: string): boolean {
  try {
    throughTemporary(path, text, (temporary) => {
      fs.linkSync(temporary, path);
      fs.unlinkSync(temporary);
    });
    return true;
  } catch (error) {
    if (errorCodeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function throughTemporary(path: string, text: string, publish: (temporary: string) => void): void {
  fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}-${randomBytes(6).toString("hex")}`;
  try {
    fs.writeFileSync(temporary, text, { mode: 0o600, flag: "wx" });
    publish(temporary);
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    fs.unlinkSync(path);
  } catch (error) {
    if (errorCodeOf(error) !== "ENOENT") throw error;
  }
}
