import { dirname, join } from "node:path";

import type { FileIdentity, Files } from "../files/files.ts";
import { ignoreRules } from "./ignore.ts";
import type { IgnoreRules } from "./ignore.ts";

/** One thing of a context that is sent. */
export type ContextEntry = {
  /** Relative to the context, with `/`. */
  path: string;
  identity: FileIdentity;
  /** Text of a symbolic link. */
  link?: string;
  /** Sent for the builder's own use although the rules leave it out: it decides nothing. */
  unasked?: true;
};

/** A walk through a context folder. */
export type Walk = {
  /** Sorted by path; a folder stands before what is in it. */
  entries: ContextEntry[];
  /** Bytes of all files. */
  size: number;
};

/** Name of the file with a context's rules. */
const IGNORE_FILE = ".dockerignore";
/** Far above any real one. */
const MAX_IGNORE_BYTES = 1024 * 1024;

/**
 * Lists what of a folder is sent to a builder: regular files (a hard link is one), folders and symbolic links, as they are.
 * Sockets, FIFOs and devices have no content and are left out. No link is followed, nothing is read but the rules, and a folder
 * in which nothing can be wanted is not even listed. The Dockerfile and the rules are always sent: builders look for both, and
 * all but BuildKit, which takes every file of a tar for the context, then leave them out of a COPY where the rules do.
 * @param dockerfile path of the Dockerfile relative to the context, if it is in it
 * @throws SyntaxError when the rules cannot be read; Node's errors for what may not be read, with `path`
 */
export function walkContext(fs: Files, context: string, dockerfile: string | undefined): Walk {
  const rules = rulesOf(fs, context, dockerfile);
  const forced = new Set([dockerfile, IGNORE_FILE].filter((path) => path !== undefined));
  const forcedFolders = new Set([...forced].flatMap(foldersOf));
  const entries: ContextEntry[] = [];

  const visit = (folder: string): void => {
    for (const [name, kind] of fs.list(join(context, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const ignored = rules.ignores(path);
      const unasked = ignored && (forced.has(path) || forcedFolders.has(path));
      const leads = kind === "directory" || kind === "other";
      if (ignored && !unasked && (!leads || rules.ignoresAllBelow(path))) continue;
      const entry = entryOf(fs, join(context, path), path);
      if (!entry) continue;
      const at = entries.length;
      if (!ignored || unasked) entries.push(unasked ? { ...entry, unasked } : entry);
      if (entry.identity.kind !== "directory") continue;
      visit(path);
      // A folder that is left out is there all the same when something in it is not.
      const wanted = entries.slice(at).some((below) => !below.unasked);
      if (ignored && wanted) entries.splice(at, unasked ? 1 : 0, entry);
    }
  };
  visit("");
  return {
    entries: entries.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    size: entries.reduce((sum, { identity }) => sum + (identity.kind === "file" ? identity.size : 0), 0),
  };
}

function rulesOf(fs: Files, context: string, dockerfile: string | undefined): IgnoreRules {
  const own = dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`];
  const path = [...own, IGNORE_FILE].map((name) => join(context, name)).find((name) => fs.stat(name)?.kind === "file");
  return ignoreRules(path === undefined ? "" : Buffer.from(fs.read(path, MAX_IGNORE_BYTES)).toString());
}

function entryOf(fs: Files, absolute: string, path: string): ContextEntry | undefined {
  const identity = fs.identify(absolute);
  switch (identity?.kind) {
    case "file":
    case "directory":
      return { path, identity };
    case "symlink":
      return { path, identity, link: fs.readlink(absolute) };
    default:
      // Without content, or gone since it was listed.
      return undefined;
  }
}

/** `a/b` and `a` for `a/b/c`. */
function foldersOf(path: string): string[] {
  const above = dirname(path);
  return above === "." ? [] : [above, ...foldersOf(above)];
}
