import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { BuildDescription } from "../../../src/drivers/image/describe-build.ts";
import { describeBuild } from "../../../src/drivers/image/describe-build.ts";
import type { Files } from "../../../src/drivers/files/files.ts";
import { nodeFiles } from "../../../src/drivers/files/node-files.ts";
import type { ImageBuild } from "../../../src/model/devcontainer/build.ts";

/** A file system that counts what is looked at in a folder. */
export type CountedFiles = { files: Files; listed: string[]; read: string[]; clear(): void };

/** A project folder and a cache folder for one test, removed with it. */
export type Fixture = {
  /** Folder of the project, its real path. */
  root: string;
  cacheDir: string;
  write(path: string, text: string): void;
  counted: CountedFiles;
  /** Describes `build` of a devcontainer.json in the root. */
  describe(build?: Partial<BuildDescription["build"]>): ReturnType<typeof describeBuild>;
  /** The same, which must be sound. */
  build(build?: Partial<BuildDescription["build"]>): ImageBuild;
  /** Waits until a file that is written now gets another time than all that are there. */
  nextTick(): void;
  [Symbol.dispose](): void;
};

export function contextFixture(files: Record<string, string> = {}): Fixture {
  const folder = nodeFiles.realpath(fs.mkdtempSync(join(tmpdir(), "devc-context-")));
  const [root, cacheDir] = [join(folder, "project"), join(folder, "cache")];
  fs.mkdirSync(root);
  const counted = countFiles(root);
  const fixture: Fixture = {
    root,
    cacheDir,
    counted,
    write(path, text) {
      fs.mkdirSync(dirname(join(root, path)), { recursive: true });
      fs.writeFileSync(join(root, path), text);
    },
    describe: (build = {}) =>
      describeBuild({
        fs: counted.files,
        cacheDir,
        folder: root,
        build: { dockerfile: "Dockerfile", ...build },
        display: "devcontainer.json",
        boundary: root,
      }),
    build(build) {
      const { build: described, issues } = fixture.describe(build);
      if (!described) throw new Error(JSON.stringify(issues));
      return described;
    },
    nextTick() {
      const probe = join(folder, "probe");
      const timeOf = () => {
        fs.writeFileSync(probe, "");
        return nodeFiles.identify(probe)?.ctimeNs;
      };
      const before = timeOf();
      while (timeOf() === before);
    },
    [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
  for (const [path, text] of Object.entries(files)) fixture.write(path, text);
  fixture.nextTick();
  return fixture;
}

function countFiles(root: string): CountedFiles {
  const [listed, read]: [string[], string[]] = [[], []];
  const note = (list: string[], path: string) => {
    if (path.startsWith(root)) list.push(path.slice(root.length + 1));
  };
  const files: Files = {
    ...nodeFiles,
    list(path) {
      note(listed, path);
      return nodeFiles.list(path);
    },
    sha256(path) {
      note(read, path);
      return nodeFiles.sha256(path);
    },
    stream(path) {
      note(read, path);
      return nodeFiles.stream(path);
    },
    read(path, limit) {
      note(read, path);
      return nodeFiles.read(path, limit);
    },
  };
  const clear = () => {
    for (const list of [listed, read]) list.splice(0);
  };
  return { files, listed, read, clear };
}
