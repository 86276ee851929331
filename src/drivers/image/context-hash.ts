import { createHash } from "node:crypto";

import type { ContextEntry } from "./context-walk.ts";

/** Which permissions decide what is built: a umask must not. */
const EXECUTABLE = 0o111;

/**
 * One hash over what a builder takes from a context: paths, kinds, whether a file can be run, link texts and contents.
 * @param contentOf hash of a file's content
 */
export function hashOfContext(entries: ContextEntry[], contentOf: (entry: ContextEntry) => string): string {
  const hash = createHash("sha256");
  for (const entry of entries) {
    if (entry.unasked) continue;
    const { path, identity, link } = entry;
    const { kind, mode, size } = identity;
    const details = kind === "file" ? [mode & EXECUTABLE, size, contentOf(entry)] : [link ?? ""];
    hash.update(`${JSON.stringify([path, kind, ...details])}\n`);
  }
  return hash.digest("hex");
}
