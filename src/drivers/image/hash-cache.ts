import { join } from "node:path";

import { sha256 } from "../../model/json.ts";
import { attempt } from "../files/files.ts";
import type { FileIdentity, Files } from "../files/files.ts";

/** Hashes of files of one context, remembered between runs. */
export type HashCache = {
  /** Hash of a file's content; reads it only when it is not the file that was read before. */
  hashOf(path: string, identity: FileIdentity): string;
  /** Keeps what was asked for since the cache was opened, and nothing else, if any of it is new. */
  save(): void;
};

/** Layout of the file; another number is a cache without entries. */
const FORMAT = 1;
/** Files that are remembered; further ones are read at each walk. */
const MAX_FILES = 200_000;
/** Far above what `MAX_FILES` entries need. */
const MAX_BYTES = 256 * 1024 * 1024;

/** `size:mtime:ctime:inode` and the hash. */
type Entry = [identity: string, hash: string];
type Stored = { format: typeof FORMAT; context: string; files: Record<string, Entry> };

/**
 * Opens the cache of a context: one private file in `cacheDir`. A file counts as unchanged when size, times and inode are the
 * same. Whoever writes within the same tick of the clock leaves the same times, so a file is only remembered when its last
 * change lies before the reading began, by the clock of the file system that holds the cache.
 */
export function openHashCache(fs: Files, cacheDir: string, context: string): HashCache {
  const path = join(cacheDir, "contexts", `${sha256(context).slice(0, 32)}.json`);
  const known = readStored(fs, path, context);
  const used = new Map<string, Entry>();
  let fresh = 0;
  let began: bigint | undefined;
  return {
    hashOf(file, identity) {
      const key = keyOf(identity);
      const entry = known.get(file);
      if (entry?.[0] === key) {
        used.set(file, entry);
        return entry[1];
      }
      began ??= stamp(fs, `${path}.stamp`);
      const hash = fs.sha256(join(context, file));
      const after = fs.identify(join(context, file));
      if (after && keyOf(after) === key && identity.ctimeNs < began && used.size < MAX_FILES) {
        used.set(file, [key, hash]);
        fresh += 1;
      }
      return hash;
    },
    save() {
      if (fresh === 0 && used.size === known.size) return;
      const stored: Stored = { format: FORMAT, context, files: Object.fromEntries(used) };
      // Derived data: where nothing can be written, the next walk reads more and that is all.
      attempt(() => fs.writePrivate(path, JSON.stringify(stored)));
    },
  };
}

function keyOf({ size, mtimeNs, ctimeNs, inode }: FileIdentity): string {
  return `${size}:${mtimeNs}:${ctimeNs}:${inode}`;
}

/** Now, by the file system's clock; the beginning of time where nothing can be written and so nothing is remembered. */
function stamp(fs: Files, path: string): bigint {
  const { value = 0n } = attempt(() => {
    fs.writePrivate(path, "");
    return fs.identify(path)?.mtimeNs;
  });
  return value;
}

function readStored(fs: Files, path: string, context: string): Map<string, Entry> {
  const { value: bytes } = attempt(() => (fs.lstat(path)?.kind === "file" ? fs.read(path, MAX_BYTES) : undefined));
  if (!bytes) return new Map();
  try {
    const stored = JSON.parse(Buffer.from(bytes).toString()) as Partial<Stored> | null;
    const sound = stored?.format === FORMAT && stored.context === context && stored.files;
    return new Map(sound ? Object.entries(sound) : []);
  } catch (error) {
    // Atomic writes leave no half file; whatever else wrote it, reading the context is always right.
    if (error instanceof SyntaxError) return new Map();
    throw error;
  }
}
