import { basename, dirname, join } from "node:path";

import type { FileKind, Files } from "./files.ts";

/** What a path leads to: every symbolic link resolved. */
export type RealPath = { real: string; kind: FileKind };

/** Whoever asked for this many neighbours most likely asks for more: then listing their folder costs less. */
const CROWD = 16;

/**
 * Makes a function that resolves absolute paths and remembers the folders above them: of a thousand neighbours each costs one
 * look into a list instead of one system call per part of its path. Undefined when nothing is there.
 */
export function createRealPaths(fs: Files): (path: string) => RealPath | undefined {
  const folders = new Map<string, RealPath | undefined>();
  const kindIn = createKinds(fs);

  const find = (path: string): RealPath | undefined => {
    const above = dirname(path);
    if (above === path) return { real: path, kind: "directory" };
    const folder = folderAt(above);
    if (folder?.kind !== "directory") return undefined;
    const name = basename(path);
    const inFolder = join(folder.real, name);
    const kind = kindIn(folder.real, name, inFolder);
    if (kind !== "symlink") return kind && { real: inFolder, kind };
    const target = fs.stat(inFolder)?.kind;
    return target && { real: fs.realpath(inFolder), kind: target };
  };

  const folderAt = (path: string): RealPath | undefined => {
    if (!folders.has(path)) folders.set(path, find(path));
    return folders.get(path);
  };

  return find;
}

function createKinds(fs: Files): (folder: string, name: string, path: string) => FileKind | undefined {
  const asked = new Map<string, number>();
  const lists = new Map<string, Map<string, FileKind>>();
  return (folder, name, path) => {
    const count = (asked.get(folder) ?? 0) + 1;
    asked.set(folder, count);
    if (count < CROWD) return fs.lstat(path)?.kind;
    const list = lists.get(folder) ?? fs.list(folder);
    lists.set(folder, list);
    const kind = list.get(name);
    return kind === "other" ? fs.lstat(path)?.kind : kind;
  };
}
