import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { outputOf } from "./scenario.ts";
import type { Run } from "./scenario.ts";

const PROGRAM = fileURLToPath(new URL("../../node_modules/@devcontainers/cli/devcontainer.js", import.meta.url));

/** Nothing listens there: whatever would leave this machine is refused at once. */
const NOWHERE = "http://127.0.0.1:9";

/** The devcontainer reference CLI (@devcontainers/cli) on one engine. */
export type ReferenceCli = {
  run(words: string[], options?: { env?: Record<string, string> }): Promise<Run>;
  /** Runs a subcommand that prints one JSON document, and must succeed. */
  json(words: string[], options?: { env?: Record<string, string> }): Promise<Record<string, unknown>>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * The reference CLI with files of its own and without a network. Before every `up` and `build` it wants the file of features
 * that are forbidden, from a server, and waits for it without end. It keeps the last answer for five minutes after that
 * file's time of change, as `control-manifest.json` below the folder for temporary files: here that is a folder of its own,
 * in which an answer lies that forbids nothing and was written in the future. What else it might ask for is sent to a proxy
 * that does not exist.
 */
export async function createReferenceCli(endpoint: string): Promise<ReferenceCli> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "devc-reference-")));
  const docker = dockerProgram();
  await writeControlManifest(path.join(folder, "tmp"));
  const proxies = ["http_proxy", "https_proxy", "all_proxy"].flatMap((name) => [name, name.toUpperCase()]);
  const own = {
    HOME: folder,
    TMPDIR: path.join(folder, "tmp"),
    DOCKER_HOST: endpoint,
    ...Object.fromEntries(proxies.map((name) => [name, NOWHERE])),
    no_proxy: "",
    NO_PROXY: "",
  };
  const run: ReferenceCli["run"] = ([subcommand = "", ...words], { env = {} } = {}) =>
    outputOf(
      spawn(process.execPath, [PROGRAM, subcommand, "--docker-path", docker, ...words], {
        env: { ...process.env, ...own, ...env },
      }),
    );
  return {
    run,
    async json(words, options) {
      const { status, stdout, stderr } = await run(words, options);
      if (status !== 0) throw new Error(`devcontainer ${words.join(" ")} ended with ${status}: ${stdout}${stderr}`);
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function writeControlManifest(temporary: string): Promise<void> {
  const folder = path.join(temporary, `devcontainercli-${userInfo().username}`);
  const file = path.join(folder, "control-manifest.json");
  await mkdir(folder, { recursive: true });
  await writeFile(file, JSON.stringify({ disallowedFeatures: [], featureAdvisories: [] }));
  const inTenYears = new Date(Date.now() + 10 * 365 * 24 * 3_600_000);
  await utimes(file, inTenYears, inTenYears);
}

/**
 * A `docker` program, which the reference CLI drives: DEVC_TEST_DOCKER, that of the current engines' tree (scripts/lib/tree.sh)
 * or this system's.
 */
function dockerProgram(): string {
  const state = process.env["XDG_STATE_HOME"] ?? path.join(process.env["HOME"] ?? "", ".local", "state");
  const home = process.env["DEVC_ENGINES_HOME"] ?? path.join(state, "devc", "engines");
  const tree = path.join(home, `tree-${process.env["DEVC_ENGINES_SUITE"] ?? "forky"}`);
  const places = [process.env["DEVC_TEST_DOCKER"], path.join(tree, "usr/bin/docker"), "/usr/bin/docker"];
  const found = places.find((place) => place !== undefined && existsSync(place));
  if (found === undefined) throw new Error(`no docker program; looked in ${places.join(", ")}`);
  return found;
}
