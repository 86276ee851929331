import { DevcError } from "../../model/errors.ts";
import type { Issue } from "../../model/errors.ts";
import { canonicalJson, sha256 } from "../../model/json.ts";
import type { Manifest } from "../../model/manifest.ts";
import type { Origins } from "../../model/origins.ts";
import { MAX_ISSUES, sortIssues } from "../../model/source.ts";
import { CACHE_FORMAT, readCacheEntry, writeCacheEntry } from "./cache.ts";
import { createFileBook } from "./file-book.ts";
import type { FileBook } from "./file-book.ts";
import type { Files } from "./files.ts";
import { describeBuilds } from "./describe-builds.ts";
import type { DescribeBuild } from "./describe-builds.ts";
import { findManifest, localFileOf, manifestsAbove } from "./find.ts";
import type { Found } from "./find.ts";
import { findHostPaths, foldersOf } from "./host-paths.ts";
import type { PathContext } from "./host-paths.ts";
import { createLocator } from "./locate-devcontainer.ts";
import type { ReadWorkspace } from "./read-workspace.ts";

/** Where to look and what to look with. */
export type LoadOptions = {
  /** A manifest or a devcontainer.json; without it, the nearest of either from `cwd` upward. */
  file?: string;
  cwd: string;
  /** Home folder of the user, absolute. */
  home: string;
  fs: Files;
  /** Folder for derived data, absolute; it need not exist. */
  cacheDir: string;
  /** devc's own version: another version's cache entries are not used. */
  version: string;
  /** The host's environment, for variables of devcontainer.json files. */
  env: Readonly<Record<string, string | undefined>>;
  /** Describes the images that devcontainer.json files build. */
  describeBuild: DescribeBuild;
  /** The host's `process.platform`, for how names of its environment compare; default: not Windows. */
  platform?: string;
};

/** A manifest that was found and is sound, with the files it is made of. */
export type Workspace = {
  /** Absolute path of the manifest, or of the devcontainer.json that is the workspace. */
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
  const { fs, cwd, file } = options;
  const found = findManifest(fs, cwd, file);
  const isLone = found.kind === "devcontainer" && file === undefined;
  const reading = (isLone ? await readOwner(options, found) : undefined) ?? (await read(options, found));
  const workspace = await finish(options, reading);
  if (!reading.fromCache) store(options, reading);
  return workspace;
}

/** What the files of a workspace say, and the files themselves. */
type Reading = Pick<ReadWorkspace, "declared" | "issues"> & { found: Found; book: FileBook; fromCache: boolean };

/** From the cache where that is current. */
async function read(options: LoadOptions, found: Found): Promise<Reading> {
  const { fs, cwd, home, cacheDir, version } = options;
  const cached = readCacheEntry(fs, cacheDir, found.path);
  if (cached?.format === CACHE_FORMAT && cached.version === version && cached.home === home) {
    const book = createFileBook(fs, cwd, found);
    for (const taken of cached.files) book.retake(taken);
    const current = JSON.stringify(book.files()) === JSON.stringify(cached.files);
    if (current && book.has(localFileOf(fs, found.root, cwd))) {
      return { found, book, declared: cached.declared, issues: [], fromCache: true };
    }
  }
  return { found, fromCache: false, ...(await readAll(options, found)) };
}

/** The slow way: loads the parsers and the schemas. */
async function readAll({ fs, cwd, home }: LoadOptions, found: Found): Promise<ReadWorkspace & { book: FileBook }> {
  const book = createFileBook(fs, cwd, found);
  const { readWorkspace } = await import("./read-workspace.ts");
  return { book, ...readWorkspace(fs, home, found, localFileOf(fs, found.root, cwd), book) };
}

function store({ fs, cacheDir, version, home }: LoadOptions, { found, book, declared }: Reading): void {
  writeCacheEntry(fs, cacheDir, found.path, { format: CACHE_FORMAT, version, home, files: book.files(), declared });
}

/**
 * The manifest further above that declares the folder of a devcontainer.json as a project: its profile and its limits count
 * then. A manifest that cannot be read might be the one, so its issues are an error.
 */
async function readOwner(options: LoadOptions, lone: Found): Promise<Reading | undefined> {
  const { fs, cwd, home } = options;
  for (const found of manifestsAbove(fs, lone.root, cwd)) {
    const reading = await read(options, found);
    const folders = reading.book.folders();
    if (foldersOf(fs, home, folders, reading.declared).includes(lone.root)) return reading;
    if (reading.issues.length > 0) throw invalid(found, reading.issues);
    if (!reading.fromCache) store(options, reading);
  }
  return undefined;
}

async function finish(options: LoadOptions, { found, book, declared, issues }: Reading): Promise<Workspace> {
  const { fs, home, env, platform = "posix", cacheDir, describeBuild } = options;
  const { path, root } = found;
  const all = [...issues];
  const note: PathContext["note"] = (place, issue) => void all.push({ ...issue, position: book.positionOf(place) });
  const hasManifest = found.kind === "manifest";
  // Only projects with a devcontainer.json are located.
  let locator: PathContext["locate"] | undefined;
  const locate: PathContext["locate"] = (devcontainer, folder) => {
    locator ??= createLocator({ fs, env, platform, home, root, hasManifest, book, note });
    return locator(devcontainer, folder);
  };
  const located = findHostPaths(declared, { fs, root, home, folders: book.folders(), note, locate });
  const projects = await describeBuilds(located, declared, { fs, cacheDir, describeBuild, note });
  if (all.length > 0) throw invalid(found, all);
  const files = book.files().filter(({ kind, sha256: content }) => kind !== "search" && content !== null);
  return {
    path,
    root,
    sha256: sha256(canonicalJson(files.map((taken) => taken.sha256))),
    files: files.map((taken) => taken.path),
    manifest: { workspace: declared.workspace, root, projects },
    origins: async () => {
      const again = await readAll(options, found);
      return describeOrigins(again.origins, again.book);
    },
  };
}

function describeOrigins(origins: Origins, book: FileBook): Record<string, Record<string, string>> {
  const places = Object.entries(origins).map(([project, values]) => {
    const texts = Object.entries(values).map(([value, [file, line]]) => {
      return [value, `${book.displayOf(book.pathOf(file))}:${line}`];
    });
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
