import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { dirname } from "node:path";

import { errorCodeOf } from "./files.ts";
import type { FileKind, Files, FileStat } from "./files.ts";

/** The real file system. */
export const nodeFiles: Files = {
  lstat: (path) => describeStat(fs.lstatSync(path, { throwIfNoEntry: false })),
  stat: (path) => describeStat(fs.statSync(path, { throwIfNoEntry: false })),
  list: (path) => new Map(fs.readdirSync(path, { withFileTypes: true }).map((entry) => [entry.name, kindOf(entry)])),
  realpath: (path) => fs.realpathSync.native(path),
  read: readStart,
  writePrivate,
};

function describeStat(stats: fs.Stats | undefined): FileStat | undefined {
  return stats && { kind: kindOf(stats), size: stats.size };
}

function kindOf(entry: fs.Stats | fs.Dirent): FileKind {
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

function writePrivate(path: string, text: string): void {
  fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}-${randomBytes(6).toString("hex")}`;
  try {
    fs.writeFileSync(temporary, text, { mode: 0o600, flag: "wx" });
    fs.renameSync(temporary, path);
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
