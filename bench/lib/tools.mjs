import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..", "..");

/** devc as people run it: the launcher with its code cache, and the built bundle. */
export const DEVC = [process.execPath, join(ROOT, "bin", "devc.cjs")];

/** The devcontainer reference CLI, of the version package.json names. */
export const REFERENCE_CLI = [process.execPath, join(ROOT, "node_modules", "@devcontainers", "cli", "devcontainer.js")];

/** Address of the engine both tools use: DEVC_BENCH_ENGINE, or the current Docker of scripts/engines. */
export async function engineAddress() {
  if (process.env.DEVC_BENCH_ENGINE) return process.env.DEVC_BENCH_ENGINE;
  const { stdout } = await run(join(ROOT, "scripts", "engines"), ["env", "docker-current"]);
  const address = /^DOCKER_HOST=(\S+)$/m.exec(stdout)?.[1];
  if (!address) throw new Error("scripts/engines up docker-current first, or set DEVC_BENCH_ENGINE");
  return address;
}

/** Compose as a program: DEVC_BENCH_COMPOSE, the plugin of the tree of the current engines, or of this system. */
export function composeProgram() {
  return programOf("docker compose", process.env.DEVC_BENCH_COMPOSE, "usr/libexec/docker/cli-plugins/docker-compose");
}

/** Docker's command line, which the reference CLI drives: DEVC_BENCH_DOCKER, or from the same places. */
export function dockerProgram() {
  return programOf("docker", process.env.DEVC_BENCH_DOCKER, "usr/bin/docker");
}

function programOf(name, given, path) {
  const state = process.env.XDG_STATE_HOME ?? join(process.env.HOME ?? "", ".local", "state");
  const home = process.env.DEVC_ENGINES_HOME ?? join(state, "devc", "engines");
  const suite = process.env.DEVC_ENGINES_SUITE ?? "forky";
  const places = [given, join(home, `tree-${suite}`, path), join("/", path)];
  const found = places.find((place) => place && existsSync(place));
  if (!found) throw new Error(`no ${name}; looked in ${places.filter(Boolean).join(", ")}`);
  return found;
}

/** What the numbers were taken on and with. */
export async function environmentFacts(address, compose) {
  const os = await import("node:os");
  const version = async (file, args) =>
    (await run(file, args, { env: { ...process.env, DOCKER_HOST: address } })).stdout.trim();
  return {
    date: new Date().toISOString(),
    cpus: os.cpus().length,
    cpu: os.cpus()[0]?.model ?? "",
    memoryGiB: Math.round(os.totalmem() / 1024 ** 3),
    kernel: os.release(),
    load: Math.round(os.loadavg()[0] * 100) / 100,
    node: process.version,
    devc: await version(DEVC[0], [DEVC[1], "--version"]),
    ...(compose ? { compose: await version(compose, ["version", "--short"]) } : {}),
    ...(address ? { devcontainers: await version(REFERENCE_CLI[0], [REFERENCE_CLI[1], "--version"]) } : {}),
    ...(address ? { engine: await engineVersion(address) } : {}),
  };
}

async function engineVersion(address) {
  const { request } = await import("node:http");
  const body = await new Promise((resolve, reject) => {
    request({ socketPath: address.replace("unix://", ""), path: "/version" }, async (response) => {
      resolve((await response.setEncoding("utf8").toArray()).join(""));
    })
      .on("error", reject)
      .end();
  });
  const { Version, ApiVersion } = JSON.parse(body);
  return `Docker ${Version} (API ${ApiVersion})`;
}
