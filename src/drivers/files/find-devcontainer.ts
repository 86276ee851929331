import { basename, dirname, join } from "node:path";

import { errorCodeOf } from "./files.ts";
import type { Files } from "./files.ts";

/**
 * What a folder has: the devcontainer.json that counts, by its path, or the names of those that must be chosen, sorted, or
 * why nobody can tell.
 */
export type DevcontainerSearch = { file: string } | { names: string[] } | { problem: string };

const FOLDER = ".devcontainer";
const FILE = "devcontainer.json";
const HIDDEN_FILE = ".devcontainer.json";

/**
 * Looks for the devcontainer.json of a folder in the order of the specification: `.devcontainer/devcontainer.json`,
 * `.devcontainer.json`, then `.devcontainer/<name>/devcontainer.json`, of which none is taken without being named.
 * https://containers.dev/implementors/spec/#devcontainerjson
 */
export function searchDevcontainer(fs: Files, folder: string): DevcontainerSearch {
  try {
    const hasFolder = fs.stat(join(folder, FOLDER))?.kind === "directory";
    const wellKnown = [...(hasFolder ? [join(folder, FOLDER, FILE)] : []), join(folder, HIDDEN_FILE)];
    const file = wellKnown.find((path) => fs.lstat(path) !== undefined);
    if (file !== undefined) return { file };
    return { names: hasFolder ? namesIn(fs, join(folder, FOLDER)) : [] };
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === undefined) throw error;
    return code === "ENOTDIR" ? { names: [] } : { problem: code };
  }
}

/** The devcontainer.json of a name, whether it exists or not. */
export function namedDevcontainer(folder: string, name: string): string {
  return join(folder, FOLDER, name, FILE);
}

/** Names that may be chosen in a folder, sorted. */
export function devcontainerNames(fs: Files, folder: string): string[] {
  const path = join(folder, FOLDER);
  return fs.stat(path)?.kind === "directory" ? namesIn(fs, path) : [];
}

/** Whether a file has a name by which tools look for it. */
export function isDevcontainerFile(path: string): boolean {
  return basename(path) === FILE || basename(path) === HIDDEN_FILE;
}

/** The project's folder of a devcontainer.json: what `.devcontainer` is in, or where the file is. */
export function folderOfDevcontainer(path: string): string {
  const folder = dirname(path);
  if (basename(folder) === FOLDER) return dirname(folder);
  return basename(dirname(folder)) === FOLDER ? dirname(dirname(folder)) : folder;
}

function namesIn(fs: Files, folder: string): string[] {
  const below = [...fs.list(folder)].filter(([, kind]) => kind !== "file").map(([name]) => name);
  const isNamed = (name: string) => {
    return fs.stat(join(folder, name))?.kind === "directory" && fs.lstat(join(folder, name, FILE)) !== undefined;
  };
  return below.filter(isNamed).toSorted();
}
