import { dirname, join } from "node:path";

import { attempt } from "./files.ts";
import type { Files } from "./files.ts";

/** Enough for the line a `.git` file consists of. */
const GIT_FILE_BYTES = 64;

/**
 * Makes a function that finds the root of the git repository around a folder: the nearest folder with a `.git` that git
 * would take for one, a folder with a `HEAD` or a file that begins with `gitdir:`
 * (https://git-scm.com/docs/gitrepository-layout). No program is run, and the answers are remembered. A root that may not be
 * given to a sandbox, such as a home folder under version control, is none; what lies above it is not looked at.
 * @param isRefused whether a real folder is never given to a sandbox
 */
export function createGitRoots(
  fs: Files,
  isRefused: (folder: string) => boolean,
): (folder: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  const find = (folder: string): string | undefined => {
    if (isRepository(fs, join(folder, ".git"))) return isRefused(folder) ? undefined : folder;
    const above = dirname(folder);
    return above === folder ? undefined : rootOf(above);
  };
  const rootOf = (folder: string): string | undefined => {
    if (!known.has(folder)) known.set(folder, find(folder));
    return known.get(folder);
  };
  return rootOf;
}

function isRepository(fs: Files, path: string): boolean {
  // A folder whose content may not be seen holds no repository for this user either.
  const { value = false } = attempt(() => {
    const kind = fs.stat(path)?.kind;
    if (kind === "directory") return fs.lstat(join(path, "HEAD")) !== undefined;
    return kind === "file" && Buffer.from(fs.read(path, GIT_FILE_BYTES)).toString("utf8").startsWith("gitdir:");
  });
  return value;
}
