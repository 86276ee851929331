import * as fs from "node:fs";

import type { DiscoveryFiles } from "./world.ts";

/** The real file system, for discovery. */
export const nodeDiscoveryFiles: DiscoveryFiles = {
  read: (path) => orAbsent(() => fs.readFileSync(path, "utf8")),
  list: (path) => (orAbsent(() => fs.readdirSync(path)) ?? []).toSorted(),
  exists: (path) => fs.statSync(path, { throwIfNoEntry: false }) !== undefined,
};

/** The result, or undefined when the path does not exist. */
function orAbsent<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
