import { relative, resolve } from "node:path";

import { readCustomizations } from "../../model/devcontainer/customizations.ts";
import { parseDevcontainer } from "../../model/devcontainer/parse.ts";
import type { Issue } from "../../model/errors.ts";
import type { MergedManifest, MergedProject, Sourced } from "../../model/merge.ts";
import { nearest } from "../../model/nearest.ts";
import { isInside } from "../../model/refused-paths.ts";
import type { FoundDevcontainer } from "../../model/resolve.ts";
import { at } from "../../model/resolve-profiles.ts";
import type { FileBook } from "./file-book.ts";
import type { Files } from "./files.ts";
import { devcontainerNames, namedDevcontainer } from "./find-devcontainer.ts";
import { expandHome } from "./home.ts";
import { decodeSource } from "./read.ts";

/** What the files of projects are looked for and read with. */
export type DevcontainerReading = {
  fs: Files;
  home: string;
  /** Absolute real path of the workspace's folder; nothing outside of it is read. */
  root: string;
  book: FileBook;
  issues: Issue[];
};

/** The devcontainer.json of each project that uses one. `unusable`: it was looked for, and why it is not used was noted. */
export type Devcontainers = Map<string, FoundDevcontainer | "unusable">;

/**
 * Reads the devcontainer.json of every project with a folder and without an image of its own.
 * @param chosen the one of the project a devcontainer.json alone declares
 */
export function readDevcontainers(
  reading: DevcontainerReading,
  { projects }: MergedManifest,
  chosen?: { project: string; file: string },
): Devcontainers {
  const found: Devcontainers = new Map();
  const read = createReader(reading);
  for (const project of projects.values()) {
    // A personal file may still give the project another folder, image or file.
    const isChosen = chosen?.project === project.name && project.path?.value === reading.root && isOpen(project);
    const used = isChosen ? { file: chosen.file, folder: reading.root } : fileOf(reading, project);
    if (used === "none") continue;
    const document = used === "unusable" ? used : read(used.file);
    const isUsable = used !== "unusable" && document !== "unusable";
    found.set(project.name, isUsable ? { ...document, way: relative(used.folder, used.file) } : "unusable");
  }
  return found;
}

function isOpen({ ownImage, devcontainer }: MergedProject): boolean {
  return ownImage === undefined && devcontainer === undefined;
}

/** A file and the project's folder, `none` when the project uses none, or `unusable` after an issue. */
type Used = { file: string; folder: string } | "none" | "unusable";

function fileOf(reading: DevcontainerReading, project: MergedProject): Used {
  const { name, path, devcontainer, ownImage } = project;
  const note = (where: Sourced<unknown>, code: string, message: string, expected: string, suggestion?: string) => {
    reading.issues.push(at(where, { code, message, expected, ...(suggestion === undefined ? {} : { suggestion }) }));
    return "unusable" as const;
  };
  if (devcontainer && ownImage) {
    return note(devcontainer, "contradiction", `'${name}' has both 'image' and 'devcontainer'`, "one of the two");
  }
  if (ownImage) return "none";
  if (!path) {
    if (!devcontainer) return "none";
    return note(devcontainer, "missing-key", `'devcontainer' of '${name}' is in no folder`, "a path beside it");
  }
  const folder = folderOf(reading, path);
  if (folder === undefined) return "unusable";
  return devcontainer
    ? namedFile(reading, folder, devcontainer, note)
    : searchedFile(reading, folder, path, project, note);
}

type Note = (
  where: Sourced<unknown>,
  code: string,
  message: string,
  expected: string,
  suggestion?: string,
) => "unusable";

function namedFile({ fs, book }: DevcontainerReading, folder: string, name: Sourced<string>, note: Note): Used {
  const file = namedDevcontainer(folder, name.value);
  if (!book.takeDevcontainer(file).absent) return { file, folder };
  const names = devcontainerNames(fs, folder);
  const expected = names.length > 0 ? names.join(" or ") : "a name that exists; there is none";
  return note(name, "file-missing", `there is no file ${book.displayOf(file)}`, expected, nearest(name.value, names));
}

function searchedFile(
  { fs, book }: DevcontainerReading,
  folder: string,
  path: Sourced<string>,
  { name, image }: MergedProject,
  note: Note,
): Used {
  const found = book.search(folder);
  if ("problem" in found) {
    return note(path, "unreadable", `'${path.value}' cannot be read: ${found.problem}`, "a folder you may read");
  }
  if ("file" in found) return { file: found.file, folder };
  if (found.names.length > 0) {
    const message = `the folder of '${name}' has only devcontainer.json files that must be chosen by name`;
    return note(path, "devcontainer-not-chosen", message, `devcontainer: ${found.names.join(" or ")}`);
  }
  // A folder that is not there is noted where paths are looked up; that it holds no image is only its echo.
  return image || fs.stat(folder)?.kind === "directory" ? "none" : "unusable";
}

/** The folder as it is written, absolute; undefined where nothing may be read. */
function folderOf({ book, home, root }: DevcontainerReading, { value, layer }: Sourced<string>): string | undefined {
  const expanded = expandHome(value, home);
  const folder = expanded === undefined ? undefined : resolve(book.folders()[layer.file] as string, expanded);
  return folder !== undefined && isInside(folder, root) ? folder : undefined;
}

type ReadDevcontainer = Omit<FoundDevcontainer, "way">;

/** Projects may share a file; it is read and its issues are noted once. */
function createReader({ book, issues }: DevcontainerReading): (file: string) => ReadDevcontainer | "unusable" {
  const known = new Map<string, ReadDevcontainer | "unusable">();
  const read = (file: string): ReadDevcontainer | "unusable" => {
    const taken = book.takeDevcontainer(file);
    const decoded = taken.issue ? { issue: taken.issue } : decodeSource(taken.bytes, book.displayOf(file));
    if (decoded.issue) {
      issues.push(decoded.issue);
      return "unusable";
    }
    const { document, issues: found } = parseDevcontainer(decoded.source);
    issues.push(...found);
    if (!document) return "unusable";
    const own = readCustomizations(document.document);
    issues.push(...own.issues);
    return { file: taken.index, document, ...(own.customizations ? { customizations: own.customizations } : {}) };
  };
  return (file) => {
    const found = known.get(file) ?? read(file);
    known.set(file, found);
    return found;
  };
}
