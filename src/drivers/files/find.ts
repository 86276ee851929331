import { dirname, join, relative, resolve } from "node:path";

import { DevcError } from "../../model/errors.ts";
import type { Files } from "./files.ts";
import {
  folderOfDevcontainer,
  isDevcontainerFile,
  namedDevcontainer,
  searchDevcontainer,
} from "./find-devcontainer.ts";

/** A manifest's place, before it is read. */
export type Found = {
  /** A `devcontainer` alone declares a workspace of one project. */
  kind: "manifest" | "devcontainer";
  /** Absolute path of the manifest: its folder real, its name as it is. */
  path: string;
  /** Absolute real path of its folder, of a devcontainer.json the folder it is for: the root of the workspace. */
  root: string;
  /** How the person named it, or the way to it from where they stand. */
  display: string;
};

const MANIFEST_NAMES = ["devc.yaml", "devc.yml"];
const LOCAL_NAMES = ["devc.local.yaml", "devc.local.yml"];

/**
 * Finds the manifest: the file that was named, or the nearest `devc.yaml` or devcontainer.json from this folder upward; where
 * both are in one folder, `devc.yaml`.
 * @throws DevcError `manifest-not-found`; `manifest-invalid` when a folder holds both spellings of `devc.yaml`
 */
export function findManifest(fs: Files, cwd: string, file?: string): Found {
  if (file !== undefined) return named(fs, resolve(cwd, file), file);
  for (const folder of upward(resolve(cwd))) {
    const found = manifestIn(fs, folder, cwd) ?? devcontainerIn(fs, folder, cwd);
    if (found) return found;
  }
  throw notFound(fs, cwd);
}

/** Every `devc.yaml` above a folder, the nearest first. */
export function* manifestsAbove(fs: Files, folder: string, cwd: string): Generator<Found> {
  if (dirname(folder) === folder) return;
  for (const above of upward(dirname(folder))) {
    const found = manifestIn(fs, above, cwd);
    if (found) yield found;
  }
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

/** The folder and all above it. */
function* upward(folder: string): Generator<string> {
  yield folder;
  if (dirname(folder) !== folder) yield* upward(dirname(folder));
}

function manifestIn(fs: Files, folder: string, cwd: string): Found | undefined {
  const name = onlyOne(fs, folder, MANIFEST_NAMES, cwd);
  return name === undefined ? undefined : named(fs, join(folder, name), displayOf(cwd, join(folder, name)));
}

function devcontainerIn(fs: Files, folder: string, cwd: string): Found | undefined {
  const found = searchDevcontainer(fs, folder);
  return "file" in found ? named(fs, found.file, displayOf(cwd, found.file)) : undefined;
}

function notFound(fs: Files, cwd: string): DevcError {
  const found = searchDevcontainer(fs, cwd);
  const [name] = "names" in found ? found.names : [];
  const hint =
    name === undefined
      ? "write a devc.yaml here, or name one, or a devcontainer.json, with -f FILE"
      : `choose one with -f ${displayOf(cwd, namedDevcontainer(cwd, name))}`;
  return new DevcError("manifest-not-found", `there is no devc.yaml and no devcontainer.json in ${cwd} or above it`, {
    hint,
    subject: cwd,
  });
}

function named(fs: Files, path: string, display: string): Found {
  if (!fs.lstat(path)) {
    throw new DevcError("manifest-not-found", `there is no file ${display}`, {
      hint: "name the manifest with -f FILE",
      subject: path,
    });
  }
  const kind = isDevcontainerFile(path) ? "devcontainer" : "manifest";
  const folder = kind === "devcontainer" ? folderOfDevcontainer(path) : dirname(path);
  const root = fs.realpath(folder);
  return { kind, path: join(root, relative(folder, path)), root, display };
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
