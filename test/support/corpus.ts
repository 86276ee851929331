import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { parse } from "yaml";

const FOLDER = fileURLToPath(new URL("../../fixtures/devcontainer-corpus", import.meta.url));

/** One devcontainer.json and what lies around it. */
export type CorpusCase = {
  /** What it shows; no two are equal. */
  name: string;
  /** Text of the file. `$IMAGE` stands for an image that is present, here and in `files`. */
  config: string;
  /** Where it lies in the project's folder: default `.devcontainer/devcontainer.json`. */
  at?: string;
  /** It is chosen by this name: the folder of `.devcontainer` it lies in. */
  named?: string;
  /** Further files, by their paths in the project's folder. */
  files?: Record<string, string>;
  /** Value of the image's label `devcontainer.metadata`, before it is made JSON. */
  metadata?: unknown;
  /** The project's folder; default `web`. */
  folder?: string;
  /** Folders that are roots of git repositories. */
  git?: string;
  gitInside?: string;
  /** devc refuses the file: the code it gives, and why. */
  refused?: string;
  why?: string;
};

/** All cases, by file name and then in the files' order. */
export const CORPUS: CorpusCase[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".yaml"))
  .toSorted()
  .flatMap((file) => parse(readFileSync(path.join(FOLDER, file), "utf8")) as CorpusCase[]);

/** A case on disk. */
export type PlacedCase = { folder: string; configPath: string };

/** Writes a case below `root`, an empty folder. */
export async function placeCase(root: string, image: string, given: CorpusCase): Promise<PlacedCase> {
  const folder = path.join(root, given.folder ?? "web");
  const at = given.at ?? ".devcontainer/devcontainer.json";
  for (const [file, text] of Object.entries({ ...given.files, [at]: given.config })) {
    const target = path.join(folder, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(
      target,
      text.replaceAll("$IMAGE", () => image),
    );
  }
  for (const repository of [given.git, given.gitInside]) {
    if (repository !== undefined) execFileSync("git", ["init", "-q", path.join(root, repository)]);
  }
  return { folder, configPath: path.join(folder, at) };
}
