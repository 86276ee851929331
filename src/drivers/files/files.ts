import type { Readable } from "node:stream";

/** What kind of thing a path is. */
export type FileKind = "file" | "directory" | "symlink" | "socket" | "fifo" | "device" | "other";

/** What a stat tells; `size` in bytes. The owner's IDs are absent where the system has none. */
export type FileStat = { kind: FileKind; size: number; owner?: { uid: number; gid: number } };

/**
 * What tells one state of a file from the next without reading it: whoever changes the content changes one of these. Times in
 * nanoseconds since the epoch. `mode`: permission bits only.
 */
export type FileIdentity = {
  kind: FileKind;
  size: number;
  mode: number;
  mtimeNs: bigint;
  ctimeNs: bigint;
  inode: bigint;
};

/**
 * The file system as devc uses it. Calls are synchronous: they are few, local and small, and a thousand of them cost less
 * than a thousand trips through the thread pool. Everything but the documented absences throws Node's own error with its
 * `code` (`EACCES`, `ELOOP`, …).
 */
export interface Files {
  /** Of the path itself, not what a symbolic link points to; undefined when nothing is there. */
  lstat(path: string): FileStat | undefined;
  /** Of what the path leads to; undefined when nothing is there, also behind a dangling link. */
  stat(path: string): FileStat | undefined;
  /** Kinds of everything in a folder, by name, as `lstat` tells them; `other` also where the file system does not tell. */
  list(path: string): Map<string, FileKind>;
  /** The absolute path with every symbolic link resolved. Throws `ENOENT` when nothing is there. */
  realpath(path: string): string;
  /** Reads at most `limit` bytes of a regular file from its start. Never blocks on a FIFO. */
  read(path: string, limit: number): Uint8Array;
  /** Of the path itself, as `lstat`; undefined when nothing is there. */
  identify(path: string): FileIdentity | undefined;
  /** Text of a symbolic link. */
  readlink(path: string): string;
  /** Lower-case hexadecimal SHA-256 of a regular file, read piece by piece. Follows no link at the end of the path. */
  sha256(path: string): string;
  /** Content of a file as a stream. Follows no link at the end of the path. */
  stream(path: string): Readable;
  /** Replaces or creates a private file (0600) at once or not at all; missing folders are made with 0700. */
  writePrivate(path: string, text: string): void;
  /** Makes a private file at once or leaves one that is there already as it is; false then. */
  createPrivate(path: string, text: string): boolean;
}

/** The error code of a failed file system call, `EACCES`; undefined for anything else that was thrown. */
export function errorCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** What a call gave, or with which error code the file system refused it. */
export type Attempt<Value> = { value: Value | undefined; error?: string };

/** The error code instead of an exception when the file system says no; everything else that is thrown goes on. */
export function attempt<Value>(call: () => Value | undefined): Attempt<Value> {
  try {
    return { value: call() };
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === undefined) throw error;
    return { value: undefined, error: code };
  }
}
