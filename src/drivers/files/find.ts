import { basename, dirname, join, relative, resolve } from "node:path";

import { DevcError } from "../../model/errors.ts";
import type { Files } from "./files.ts";

/** A manifest's place, before it is read. */
export type Found = {
  /** Absolute path of the manifest: its folder real, its name as it is. */
  path: string;
  /** Absolute real path of its folder: the root of the workspace. */
  root: string;
  /** How the person named it, or the way to it from where they stand. */
  display: string;
};

const MANIFEST_NAMES = ["devc.yaml", "devc.yml"];
const LOCAL_NAMES = ["devc.local.yaml", "devc.local.yml"];

/**
 * Finds the manifest: the file that was named, or `devc.yaml` in this folder or the nearest one above.
 * @throws DevcError `manifest-not-found`; `manifest-invalid` when a folder holds both spellings
 */
export function findManifest(fs: Files, cwd: string, file?: string): Found {
  if (file !== undefined) return named(fs, resolve(cwd, file), file);
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const name = onlyOne(fs, folder, MANIFEST_NAMES, cwd);
    if (name !== undefined) return named(fs, join(folder, name), displayOf(cwd, join(folder, name)));
    if (dirname(folder) === folder) break;
  }
  throw new DevcError("manifest-not-found", `there is no devc.yaml in ${cwd} or above it`, {
    hint: "write a devc.yaml here, or name one with -f FILE",
    subject: cwd,
  });
}

/**
 * The personal file beside a manifest, whether it exists or not.
 * @throws DevcError `manifest-invalid` when there are two
 */
export function localFileOf(fs: Files, root: string, cwd: string): string {
  return join(root, onlyOne(fs, root, LOCAL_NAMES, cwd) ?? (LOCAL_NAMES[0] as string));
}

/** A path as a person standing in `cwd` would name it. */
export function displayOf(cwd: string, path: string): string {
  return relative(cwd, path) || path;
}

function named(fs: Files, path: string, display: string): Found {
  if (!fs.lstat(path)) {
    throw new DevcError("manifest-not-found", `there is no file ${display}`, {
      hint: "name the manifest with -f FILE",
      subject: path,
    });
  }
  const root = fs.realpath(dirname(path));
  return { path: join(root, basename(path)), root, display };
}

/** Both spellings side by side would leave it to chance which one counts. */
function onlyOne(fs: Files, folder: string, names: string[], cwd: string): string | undefined {
  const [first, second] = names.filter((name) => fs.lstat(join(folder, name)) !== undefined);
  if (second !== undefined) {
    const file = displayOf(cwd, join(folder, second));
    const message = `${first} and ${second} are both there`;
    const issue = { code: "ambiguous-file", message, position: { file, line: 1, column: 1 }, expected: "one of them" };
    throw new DevcError("manifest-invalid", message, {
      issues: [issue],
      hint: `remove or rename ${file}`,
      subject: folder,
    });
  }
  return first;
}
