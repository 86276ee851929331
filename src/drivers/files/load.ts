import { DevcError } from "../../model/errors.ts";
import type { Issue } from "../../model/errors.ts";
import { canonicalJson, sha256 } from "../../model/json.ts";
import type { DeclaredManifest, Manifest } from "../../model/manifest.ts";
import type { Origins } from "../../model/origins.ts";
import { MAX_ISSUES, sortIssues } from "../../model/source.ts";
import { CACHE_FORMAT, readCacheEntry, writeCacheEntry } from "./cache.ts";
import { createFileBook } from "./file-book.ts";
import type { FileBook } from "./file-book.ts";
import type { Files } from "./files.ts";
import { findManifest, localFileOf } from "./find.ts";
import type { Found } from "./find.ts";
import { findHostPaths } from "./host-paths.ts";
import type { ReadWorkspace } from "./read-workspace.ts";

/** Where to look and what to look with. */
export type LoadOptions = {
  /** The manifest; without it, `devc.yaml` in `cwd` or the nearest folder above. */
  file?: string;
  cwd: string;
  /** Home folder of the user, absolute. */
  home: string;
  fs: Files;
  /** Folder for derived data, absolute; it need not exist. */
  cacheDir: string;
  /** devc's own version: another version's cache entries are not used. */
  version: string;
};

/** A manifest that was found and is sound, with the files it is made of. */
export type Workspace = {
  /** Absolute path of the manifest. */
  path: string;
  /** Absolute real path of its folder. */
  root: string;
  /** Over the contents of all files that took part, and their order. */
  sha256: string;
  /** Absolute paths of all files that took part, the manifest first. */
  files: string[];
  manifest: Manifest;
  /**
   * For each project, where each of its values is written: `devc.yaml:12` by dotted path (`env.NODE_ENV`,
   * `resources.memory`, `capabilities.SYS_PTRACE`). What is not in it comes from the built-in profile or is a default.
   */
  origins(): Promise<Record<string, Record<string, string>>>;
};

/**
 * Finds, reads, checks and merges the manifest of a workspace. What the files say is taken from a cache when none of them
 * changed; the host paths they name are looked up on the disk every time.
 * @throws DevcError `manifest-not-found`, or `manifest-invalid` with every issue of every file, located
 */
export async function loadWorkspace(options: LoadOptions): Promise<Workspace> {
  const { fs, cwd, home, cacheDir, version, file } = options;
  const found = findManifest(fs, cwd, file);
  const local = localFileOf(fs, found.root, cwd);
  const cached = readCacheEntry(fs, cacheDir, found.path);
  if (cached?.format === CACHE_FORMAT && cached.version === version && cached.home === home) {
    const book = createFileBook(fs, cwd, found);
    for (const { path } of cached.files) book.take(path);
    const current = canonicalJson(book.files()) === canonicalJson(cached.files) && book.has(local);
    if (current) return finish(options, found, book, cached.declared, []);
  }
  const { book, declared, issues } = await readAll(options, found);
  const workspace = finish(options, found, book, declared, issues);
  writeCacheEntry(fs, cacheDir, found.path, { format: CACHE_FORMAT, version, home, files: book.files(), declared });
  return workspace;
}

/** The slow way: loads the YAML parser and the schema. */
async function readAll({ fs, cwd, home }: LoadOptions, found: Found): Promise<ReadWorkspace & { book: FileBook }> {
  const book = createFileBook(fs, cwd, found);
  const { readWorkspace } = await import("./read-workspace.ts");
  return { book, ...readWorkspace(fs, home, found.path, localFileOf(fs, found.root, cwd), book) };
}

function finish(
  options: LoadOptions,
  found: Found,
  book: FileBook,
  declared: DeclaredManifest,
  issues: Issue[],
): Workspace {
  const { fs, home } = options;
  const { path, root } = found;
  const all = [...issues];
  const projects = findHostPaths(declared, {
    fs,
    root,
    home,
    folders: book.folders(),
    note: (place, issue) => void all.push({ ...issue, position: book.positionOf(place) }),
  });
  if (all.length > 0) throw invalid(found, all);
  const files = book.files().flatMap((taken) => (taken.sha256 === null ? [] : [taken]));
  return {
    path,
    root,
    sha256: sha256(canonicalJson(files.map((taken) => taken.sha256))),
    files: files.map((taken) => taken.path),
    manifest: { workspace: declared.workspace, root, projects },
    origins: async () => {
      const read = await readAll(options, found);
      return describeOrigins(read.origins, read.book);
    },
  };
}

function describeOrigins(origins: Origins, book: FileBook): Record<string, Record<string, string>> {
  const names = book.files().map(({ path }) => book.displayOf(path));
  const places = Object.entries(origins).map(([project, values]) => {
    const texts = Object.entries(values).map(([value, [file, line]]) => [value, `${names[file]}:${line}`]);
    return [project, Object.fromEntries(texts) as Record<string, string>] as const;
  });
  return Object.fromEntries(places);
}

/** A value of `defaults` is looked at once for every project. */
function withoutRepeats(issues: Issue[]): Issue[] {
  const seen = new Set<string>();
  return issues.filter(({ code, message, position }) => {
    const key = canonicalJson([code, message, position?.file, position?.line, position?.column]);
    const first = !seen.has(key);
    seen.add(key);
    return first;
  });
}

function invalid({ display, path }: Found, issues: Issue[]): DevcError {
  const sorted = sortIssues(withoutRepeats(issues));
  const count = sorted.length === 1 ? "a problem" : `${sorted.length} problems`;
  const details = sorted.length > MAX_ISSUES ? [`and ${sorted.length - MAX_ISSUES} more`] : [];
  return new DevcError("manifest-invalid", `${display} has ${count}`, {
    issues: sorted.slice(0, MAX_ISSUES),
    details,
    subject: path,
  });
}
