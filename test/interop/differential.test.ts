import { spawn } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CORPUS, placeCase } from "../support/corpus.ts";
import type { CorpusCase } from "../support/corpus.ts";
import { testEngines } from "../support/engines.ts";
import { labelledImages } from "../support/labelled-images.ts";
import type { LabelledImages } from "../support/labelled-images.ts";
import { createReferenceCli } from "../support/reference-cli.ts";
import type { ReferenceCli } from "../support/reference-cli.ts";
import { outputOf } from "../support/scenario.ts";
import type { Run } from "../support/scenario.ts";
import { differencesBetween, explain, INTENDED } from "./differences.ts";

const DEVC = fileURLToPath(new URL("../../bin/devc.cjs", import.meta.url));
const HOST_VALUES = { CORPUS_WORD: "word", CORPUS_EMPTY: "", CORPUS_LOOKS: "${localWorkspaceFolder}" };

/** What both say about one case. */
type Pair = { reference: Run; devc: Run };

// Both ask the same engine about images and containers; one Docker is enough, the newest first.
const engine = testEngines
  .filter(({ name }) => name.startsWith("docker"))
  .toSorted((a, b) => (a.name < b.name ? 1 : -1));

describe.each(engine.slice(0, 1))("devc and the reference CLI on $name", ({ endpoint }) => {
  const used = new Set<string>();
  let root: string;
  let images: LabelledImages;
  let cli: ReferenceCli;

  beforeAll(async () => {
    root = await realpath(await mkdtemp(path.join(tmpdir(), "devc-corpus-")));
    [images, cli] = await Promise.all([labelledImages(endpoint), createReferenceCli(endpoint)]);
  });

  afterAll(async () => {
    await Promise.all([images[Symbol.asyncDispose](), cli[Symbol.asyncDispose]()]);
    await rm(root, { recursive: true, force: true });
  });

  it("have at least 80 cases with names of their own", () => {
    expect(new Set(CORPUS.map(({ name }) => name)).size).toBe(CORPUS.length);
    expect(CORPUS.length).toBeGreaterThanOrEqual(80);
  });

  it.each(CORPUS)("read alike: $name", async (given) => {
    const { refused, why } = given;
    const below = path.join(root, `c${CORPUS.indexOf(given)}`);
    const { reference, devc } = await readBoth(given, below, await images.with(given.metadata), { cli, endpoint });
    expect(reference.status, reference.stderr).toBe(0);
    if (refused !== undefined) {
      expect(why).not.toBeUndefined();
      expect(codesOf(devc), devc.stdout).toEqual(["manifest-invalid", refused]);
      return;
    }
    expect(devc.status, `${devc.stdout}${devc.stderr}`).toBe(0);
    const found = differencesBetween(JSON.parse(reference.stdout), JSON.parse(devc.stdout));
    const open = found.filter((difference) => {
      const reason = explain(difference);
      if (reason !== undefined) used.add(reason);
      return reason === undefined;
    });
    expect(open).toEqual([]);
  });

  it("differ in nothing that is listed without a case", () => {
    expect(INTENDED.map(({ reason }) => reason).filter((reason) => !used.has(reason))).toEqual([]);
  });
});

/** Both at the same time, on the same files. */
async function readBoth(
  given: CorpusCase,
  below: string,
  image: string,
  { cli, endpoint }: { cli: ReferenceCli; endpoint: string },
): Promise<Pair> {
  await mkdir(below);
  const { folder, configPath } = await placeCase(below, image, given);
  const home = `${below}-home`;
  const env = { ...process.env, ...HOST_VALUES, XDG_CACHE_HOME: home, XDG_STATE_HOME: home, DEVC_ENGINE: endpoint };
  const cwd = given.named === undefined ? folder : await manifestAround(below, given.named);
  const named = given.named === undefined ? [] : ["--config", configPath];
  const json = given.refused === undefined ? [] : ["--json"];
  const [reference, devc] = await Promise.all([
    cli.run(["read-configuration", "--workspace-folder", folder, ...named, "--include-merged-configuration"], {
      env: HOST_VALUES,
    }),
    outputOf(spawn(process.execPath, [DEVC, "config", "--devcontainer-json", ...json], { cwd, env })),
  ]);
  return { reference, devc };
}

/** A name is given in devc.yaml. */
async function manifestAround(below: string, named: string): Promise<string> {
  const text = `version: 1\nworkspace: corpus\nprojects:\n  web: { path: web, devcontainer: ${named} }\n`;
  await writeFile(path.join(below, "devc.yaml"), text);
  return below;
}

/** The code of a failure and those of its issues, as `--json` prints them. */
function codesOf({ stdout, status }: Run): string[] {
  if (status === 0) return [];
  const { error } = JSON.parse(stdout) as { error: { code: string; issues?: { code: string }[] } };
  return [error.code, ...(error.issues ?? []).map(({ code }) => code)];
}
