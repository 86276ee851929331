import { createHash } from "node:crypto";
import { dirname } from "node:path";

import type { Issue, Position } from "../../model/errors.ts";
import type { Place } from "../../model/manifest.ts";
import { positionAt } from "../../model/source.ts";
import type { SourceText } from "../../model/source.ts";
import type { TakenFile } from "./cache.ts";
import type { Files } from "./files.ts";
import { displayOf } from "./find.ts";
import { decodeSource, readManifestBytes } from "./read.ts";

/** A file as it was taken: its bytes and its number, or why it cannot be used. */
export type Taken = { index: number } & (
  | { bytes: Uint8Array; issue?: undefined; absent?: undefined }
  | { issue: Issue; absent?: true }
);

/** The files that take part in one load: each is read once, and places point into them by number. */
export type FileBook = {
  take(path: string): Taken;
  has(path: string): boolean;
  readonly size: number;
  /** Every file with the hash of its bytes, in the order of taking. */
  files(): TakenFile[];
  displayOf(path: string): string;
  positionOf(place: Place): Position;
  /** Folders of the files, by number. */
  folders(): string[];
};

/**
 * An empty book.
 * @param named how messages name the manifest; other files are named by the way to them from `cwd`
 */
export function createFileBook(fs: Files, cwd: string, named: { path: string; display: string }): FileBook {
  const taken = new Map<string, Taken>();
  const sources = new Map<number, SourceText>();
  const display = (path: string) => (path === named.path ? named.display : displayOf(cwd, path));
  const take = (path: string): Taken => {
    const known = taken.get(path);
    if (known) return known;
    const entry: Taken = { index: taken.size, ...readManifestBytes(fs, path, display(path)) };
    taken.set(path, entry);
    return entry;
  };
  const sourceOf = (index: number): SourceText => {
    const [path, entry] = [...taken][index] as [string, Taken & { bytes: Uint8Array }];
    const source = sources.get(index) ?? (decodeSource(entry.bytes, display(path)) as { source: SourceText }).source;
    sources.set(index, source);
    return source;
  };
  return {
    take,
    has: (path) => taken.has(path),
    get size() {
      return taken.size;
    },
    files: () => [...taken].map(([path, entry]) => ({ path, sha256: contentOf(entry) })),
    displayOf: display,
    positionOf([file, line, column]) {
      const source = sourceOf(file);
      return positionAt(source, (source.lineStarts[line - 1] ?? 0) + column - 1);
    },
    folders: () => [...taken.keys()].map((path) => dirname(path)),
  };
}

/** A file that is there but cannot be used must not look like one that is not there. */
function contentOf(entry: Taken): string | null {
  if (entry.absent) return null;
  return entry.issue ? `unusable: ${entry.issue.code}` : createHash("sha256").update(entry.bytes).digest("hex");
}
