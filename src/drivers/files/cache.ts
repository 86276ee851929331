import { createHash } from "node:crypto";
import { join } from "node:path";

import { sha256 } from "../../model/json.ts";
import type { DeclaredManifest } from "../../model/manifest.ts";
import { attempt } from "./files.ts";
import type { Files } from "./files.ts";

/** Form of the entries; to be raised with every change of it or of `DeclaredManifest`. */
export const CACHE_FORMAT = 2;

/**
 * A file that took part in a manifest. `sha256` is null for one that is not there but would take part if it were. Of a
 * `search` the path is the folder in which a devcontainer.json was looked for, and `sha256` is what was found.
 */
export type TakenFile = { path: string; sha256: string | null; kind?: "devcontainer" | "search" };

/** A manifest that was found sound, with everything its soundness depends on except the disk its paths lead to. */
export type CacheEntry = {
  format: typeof CACHE_FORMAT;
  /** devc's version: another one may read the same text differently. */
  version: string;
  /** `~` in `extends` leads there. */
  home: string;
  /** The manifest first, in the order of reading. */
  files: TakenFile[];
  declared: DeclaredManifest;
};

/** Far above the manifest it comes from; only a file that devc did not write is larger. */
const MAX_ENTRY_BYTES = 64 * 1024 * 1024;

const CHECKSUM_LENGTH = 64;

/**
 * The entry for a manifest, as it was written; undefined when there is none or when it is not whole. The caller decides
 * whether it is still current. Each manifest has one entry, so the cache does not grow with every edit.
 */
export function readCacheEntry(fs: Files, cacheDir: string, manifestPath: string): CacheEntry | undefined {
  const path = entryPath(cacheDir, manifestPath);
  const { value } = attempt(() => (fs.lstat(path)?.kind === "file" ? fs.read(path, MAX_ENTRY_BYTES) : undefined));
  if (!value) return undefined;
  const bytes = Buffer.from(value);
  const payload = bytes.subarray(CHECKSUM_LENGTH);
  const whole = checksum(payload) === bytes.toString("latin1", 0, CHECKSUM_LENGTH);
  return whole ? (JSON.parse(payload.toString("utf8")) as CacheEntry) : undefined;
}

/** Stores an entry. It is derived data: where nothing can be written, the next load is slower and that is all. */
export function writeCacheEntry(fs: Files, cacheDir: string, manifestPath: string, entry: CacheEntry): void {
  const payload = JSON.stringify(entry);
  attempt(() => fs.writePrivate(entryPath(cacheDir, manifestPath), checksum(payload) + payload));
}

function entryPath(cacheDir: string, manifestPath: string): string {
  return join(cacheDir, "manifests", `${sha256(manifestPath).slice(0, 32)}.json`);
}

function checksum(payload: Uint8Array | string): string {
  return createHash("sha256").update(payload).digest("hex");
}
