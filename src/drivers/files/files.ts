/** What kind of thing a path is. */
export type FileKind = "file" | "directory" | "symlink" | "socket" | "fifo" | "device" | "other";

/** What a stat tells; `size` in bytes. */
export type FileStat = { kind: FileKind; size: number };

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
  /** Replaces or creates a private file (0600) at once or not at all; missing folders are made with 0700. */
  writePrivate(path: string, text: string): void;
}

/** The error code of a failed file system call, `EACCES`; undefined for anything else that was thrown. */
export function errorCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
