import { createHash } from "node:crypto";
import { dirname } from "node:path";

import type { Issue, Position } from "../../model/errors.ts";
import type { Place } from "../../model/manifest.ts";
import { positionAt } from "../../model/source.ts";
import type { SourceText } from "../../model/source.ts";
import type { TakenFile } from "./cache.ts";
import type { Files } from "./files.ts";
import { displayOf } from "./find.ts";
import { searchDevcontainer } from "./find-devcontainer.ts";
import type { DevcontainerSearch } from "./find-devcontainer.ts";
import { decodeSource, readManifestBytes } from "./read.ts";

/** A file as it was taken: its bytes and its number, or why it cannot be used. */
export type Taken = { index: number } & (
  | { bytes: Uint8Array; issue?: undefined; absent?: undefined }
  | { issue: Issue; absent?: true }
);

/** The files that take part in one load: each is read once, and places point into them by number. */
export type FileBook = {
  take(path: string): Taken;
  /** The same for a devcontainer.json, which links may bring from elsewhere in the workspace. */
  takeDevcontainer(path: string): Taken;
  /** Looks for the devcontainer.json of a folder, and remembers what was found. */
  search(folder: string): DevcontainerSearch;
  /** Does again what was done for an entry of `files`. */
  retake(taken: TakenFile): void;
  has(path: string): boolean;
  readonly size: number;
  /** Every file with the hash of its bytes, in the order of taking. */
  files(): TakenFile[];
  displayOf(path: string): string;
  /** The path of a file by its number. */
  pathOf(file: number): string;
  positionOf(place: Place): Position;
  /** Folders of the files, by number. */
  folders(): string[];
};

/**
 * An empty book.
 * @param named how messages name the manifest; other files are named by the way to them from `cwd`
 */
export function createFileBook(
  fs: Files,
  cwd: string,
  named: { path: string; display: string; root: string },
): FileBook {
  const taken = new Map<string, Taken & { kind?: "devcontainer" }>();
  const paths: string[] = [];
  const searches = new Map<string, DevcontainerSearch>();
  const sources = new Map<number, SourceText>();
  const display = (path: string) => (path === named.path ? named.display : displayOf(cwd, path));
  const take = (path: string, kind?: "devcontainer"): Taken => {
    const known = taken.get(path);
    if (known) return known;
    const bytes = readManifestBytes(fs, path, display(path), kind && named.root);
    const entry: Taken = { index: taken.size, ...bytes, ...(kind ? { kind } : {}) };
    taken.set(path, entry);
    paths.push(path);
    return entry;
  };
  const search = (folder: string): DevcontainerSearch => {
    const found = searches.get(folder) ?? searchDevcontainer(fs, folder);
    searches.set(folder, found);
    return found;
  };
  const sourceOf = (index: number): SourceText | undefined => {
    const known = sources.get(index);
    if (known) return known;
    const path = paths[index] as string;
    const entry = taken.get(path) as Taken;
    const decoded = entry.issue ? { issue: entry.issue } : decodeSource(entry.bytes, display(path));
    if (decoded.issue) return undefined;
    sources.set(index, decoded.source);
    return decoded.source;
  };
  return {
    take: (path) => take(path),
    takeDevcontainer: (path) => take(path, "devcontainer"),
    search,
    retake: ({ path, kind }) => void (kind === "search" ? search(path) : take(path, kind)),
    has: (path) => taken.has(path),
    get size() {
      return taken.size;
    },
    files: () => [
      ...[...taken].map(([path, entry]) => {
        return { path, sha256: contentOf(entry), ...(entry.kind ? { kind: entry.kind } : {}) };
      }),
      ...[...searches].map(([path, found]) => ({ path, sha256: JSON.stringify(found), kind: "search" as const })),
    ],
    displayOf: display,
    pathOf: (file) => paths[file] as string,
    positionOf([file, line, column]) {
      const source = sourceOf(file);
      if (!source) return { file: display(paths[file] as string), line, column };
      return positionAt(source, (source.lineStarts[line - 1] ?? 0) + column - 1);
    },
    folders: () => paths.map((path) => dirname(path)),
  };
}

/** A file that is there but cannot be used must not look like one that is not there. */
function contentOf(entry: Taken): string | null {
  if (entry.absent) return null;
  return entry.issue ? `unusable: ${entry.issue.code}` : createHash("sha256").update(entry.bytes).digest("hex");
}
