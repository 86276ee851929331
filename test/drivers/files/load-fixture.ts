import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { loadWorkspace } from "../../../src/drivers/files/load.ts";
import type { LoadOptions, Workspace } from "../../../src/drivers/files/load.ts";
import { describeBuild } from "../../../src/drivers/image/describe-build.ts";
import { nodeFiles } from "../../../src/drivers/files/node-files.ts";
import { DevcError } from "../../../src/model/errors.ts";
import type { Issue } from "../../../src/model/errors.ts";

/** A private folder for one test, removed with it. Its path is real, so that it can be compared. */
export function temporaryFolder(): { path: string; [Symbol.dispose](): void } {
  const path = nodeFiles.realpath(mkdtempSync(join(tmpdir(), "devc-files-")));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Loads with a home folder of its own and a cache folder that does not exist, unless told otherwise. */
export function load(cwd: string, options: Partial<LoadOptions> = {}): Promise<Workspace> {
  const home = "/home/nobody-here";
  const own = { cwd, home, env: {}, fs: uncached, cacheDir: join(cwd, "no-cache"), version: "test" };
  return loadWorkspace({ ...own, describeBuild: async (request) => describeBuild(request), ...options });
}

/** The real file system, on which nothing can be written. */
const uncached = {
  ...nodeFiles,
  writePrivate: refuseToWrite,
  createPrivate: refuseToWrite,
};

function refuseToWrite(path: string): never {
  throw Object.assign(new Error(`read-only: ${path}`), { code: "EROFS" });
}

/** The error that a load must end with. */
export async function failure(loading: Promise<unknown>): Promise<DevcError> {
  const outcome = await loading.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof DevcError)) throw new Error("expected a DevcError", { cause: outcome });
  return outcome;
}

/** An issue in one line: `unknown-key devc.yaml:3:1`. */
export function line({ code, position }: Issue): string {
  return `${code} ${position?.file}:${position?.line}:${position?.column}`;
}

/** A folder of one test with files in it, by path. */
export function tree(files: Record<string, string>) {
  const folder = temporaryFolder();
  const at = (path: string) => join(folder.path, path);
  const write = (path: string, text: string) => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  return { at, write, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}
