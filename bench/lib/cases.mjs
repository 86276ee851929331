import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { interleaved, measure } from "./measure.mjs";
import { DEVC } from "./tools.mjs";
import { makeWorkspace } from "./workspaces.mjs";

export const bareNode = () => measure([process.execPath, "-e", "0"]);

/** devc with a home, cache and state of its own in a folder, and nothing of the caller's engine. */
export function devcIn(folder, engine, cwd = folder) {
  const env = {
    PATH: process.env.PATH,
    HOME: join(folder, "home"),
    XDG_CACHE_HOME: join(folder, "cache"),
    XDG_STATE_HOME: join(folder, "state"),
    ...(engine ? { DEVC_ENGINE: engine } : {}),
  };
  return (words, options) => measure([...DEVC, ...words], { cwd, env, ...options });
}

/** `--version` and `--help` over what Node itself needs to start. */
export async function startUp({ rounds }) {
  const folder = await mkdtemp(join(tmpdir(), "devc-bench-"));
  try {
    const devc = devcIn(folder);
    const results = await interleaved(
      { "bare node": bareNode, "devc --version": () => devc(["--version"]), "devc --help": () => devc(["--help"]) },
      { rounds, warmup: 3 },
    );
    return { results, base: "bare node" };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Nothing to do: `devc plan` and `devc apply` beside `docker compose up -d`, same engine, same containers. */
export async function noOp({ rounds, engine, compose, count }) {
  const work = await makeWorkspace(`bench-noop-${count}`, count, { volumes: false });
  const { devc, up, down } = pair(work, engine, compose);
  try {
    await up();
    await devc(["apply", "--yes"]);
    await devc(["plan", "--detailed-exitcode"]);
    const results = await interleaved(
      {
        "docker compose up -d": up,
        "devc plan": () => devc(["plan"]),
        "devc apply": () => devc(["apply", "--yes"]),
        "bare node": bareNode,
      },
      { rounds },
    );
    return { results, base: "docker compose up -d" };
  } finally {
    await devc(["destroy", "--yes", "--prune-volumes"]);
    await down();
    await work.remove();
  }
}

/** First apply of containers with a volume each, network none. Each round starts from nothing and removes everything. */
export async function firstApply({ rounds, engine, compose, count }) {
  const work = await makeWorkspace(`bench-first-${count}`, count, { volumes: true });
  const { devc, up, down } = pair(work, engine, compose);
  const clean = () => Promise.all([devc(["destroy", "--yes", "--prune-volumes"]), down()]);
  const fresh = (action) => async () => {
    const sample = await action();
    await clean();
    return sample;
  };
  try {
    const results = await interleaved(
      { "docker compose up -d": fresh(up), "devc apply": fresh(() => devc(["apply", "--yes"])) },
      { rounds, warmup: 0 },
    );
    return { results, base: "docker compose up -d" };
  } finally {
    await clean();
    await work.remove();
  }
}

function pair({ folder }, engine, compose) {
  const env = { ...process.env, DOCKER_HOST: engine, COMPOSE_PARALLEL_LIMIT: undefined };
  const run = (...words) => measure([compose, "-f", join(folder, "compose.yaml"), ...words], { env });
  return {
    devc: devcIn(folder, engine),
    up: () => run("up", "-d", "--quiet-pull"),
    down: () => run("down", "--volumes", "--timeout", "0"),
  };
}

/** A plan that finds nothing to do among very many sandboxes, against an engine that costs nothing. */
export async function bigPlan({ rounds, count }) {
  const work = await makeWorkspace(`bench-plan-${count}`, count, { volumes: false });
  const mock = await startMock();
  const devc = devcIn(work.folder, mock.address);
  try {
    await devc(["apply", "--yes"]);
    await devc(["plan", "--detailed-exitcode"]);
    await mock.requests();
    await devc(["plan"]);
    const requests = await mock.requests();
    const plan = () => devc(["plan"]);
    const results = await interleaved({ "bare node": bareNode, "devc plan": plan }, { rounds, warmup: 2 });
    const memory = await interleaved({ plan: () => devc(["plan"], { peak: true }) }, { rounds: 3, warmup: 0 });
    results["devc plan"].peakMiB = memory.plan.peakMiB;
    return { results, base: "bare node", requests };
  } finally {
    await mock.stop();
    await work.remove();
  }
}

async function startMock() {
  const folder = await mkdtemp(join(tmpdir(), "devc-bench-engine-"));
  const socket = join(folder, "engine.sock");
  const child = spawn(process.execPath, [join(import.meta.dirname, "mock-engine.mjs"), socket], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const requests = () =>
    new Promise((resolve, reject) => {
      request({ socketPath: socket, path: "/bench/requests" }, async (response) => {
        resolve(JSON.parse((await response.setEncoding("utf8").toArray()).join("")));
      })
        .on("error", reject)
        .end();
    });
  return {
    address: `unix://${socket}`,
    requests,
    async stop() {
      child.kill();
      await once(child, "exit");
      await rm(folder, { recursive: true });
    },
  };
}
