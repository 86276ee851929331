import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

import { bareNode, devcIn } from "./cases.mjs";
import { interleaved, measure } from "./measure.mjs";
import { REFERENCE_CLI } from "./tools.mjs";
import { IMAGE } from "./workspaces.mjs";

/** What people's files look like: a user, variables of both kinds, a mount, a command of each kind that runs once or per start. */
const FILE = {
  name: "bench",
  image: IMAGE,
  remoteUser: "root",
  containerEnv: { NODE_ENV: "development" },
  remoteEnv: { WHERE: "${containerWorkspaceFolder}", PATH: "${containerEnv:PATH}:/opt/bin" },
  mounts: ["source=bench-${devcontainerId},target=/cache,type=volume"],
  onCreateCommand: "true",
  postCreateCommand: "true",
  postStartCommand: "true",
  forwardPorts: [3000],
  customizations: { vscode: { extensions: ["a.b"] } },
};

/** Nothing to do: `devc up` and `devc plan` beside `devcontainer up` of an equal project, and one plan of `count` of them. */
export async function devcontainerNoOp({ rounds, engine, docker, count }) {
  const folder = await mkdtemp(join(tmpdir(), "bench-devcontainer-"));
  await writeProject(join(folder, "reference"));
  await writeProject(join(folder, "one"));
  const many = await writeWorkspace(join(folder, "many"), count);
  const devcontainer = await referenceIn(folder, engine, docker);
  const devcOne = devcIn(folder, engine, join(folder, "one"));
  const devcMany = devcIn(folder, engine, many);
  try {
    await devcontainer.up();
    await devcOne(["apply", "--yes"]);
    await devcMany(["apply", "--yes"]);
    for (const devc of [devcOne, devcMany]) await devc(["plan", "--detailed-exitcode"]);
    const results = await interleaved(
      {
        "devcontainer up": devcontainer.up,
        "devc up": () => devcOne(["up", "--yes"]),
        "devc plan": () => devcOne(["plan"]),
        [`devc plan of ${count}`]: () => devcMany(["plan"]),
        "bare node": bareNode,
      },
      { rounds },
    );
    return { results, base: "devcontainer up" };
  } finally {
    for (const devc of [devcOne, devcMany]) await devc(["destroy", "--yes", "--prune-volumes"]);
    await devcontainer.remove();
    await rm(folder, { recursive: true });
  }
}

async function writeProject(folder) {
  await mkdir(join(folder, ".devcontainer"), { recursive: true });
  await writeFile(join(folder, ".devcontainer", "devcontainer.json"), JSON.stringify(FILE, undefined, 2));
}

async function writeWorkspace(folder, count) {
  const names = Array.from({ length: count }, (_, at) => `p${String(at).padStart(2, "0")}`);
  for (const name of names) await writeProject(join(folder, name));
  const projects = names.map((name) => `  ${name}: { path: ${name} }\n`).join("");
  await writeFile(join(folder, "devc.yaml"), `version: 1\nworkspace: bench-devcontainer\nprojects:\n${projects}`);
  return folder;
}

/**
 * The reference CLI on its own equal project. Its list of forbidden features lies where it keeps its last answer, written in
 * the future: it never asks a server, so what is measured needs no network. Nothing else of the home folder is seen.
 */
async function referenceIn(folder, engine, docker) {
  const project = join(folder, "reference");
  const temporary = join(folder, "tmp");
  const kept = join(temporary, `devcontainercli-${userInfo().username}`);
  const manifest = join(kept, "control-manifest.json");
  await mkdir(kept, { recursive: true });
  await writeFile(manifest, JSON.stringify({ disallowedFeatures: [], featureAdvisories: [] }));
  const inTenYears = new Date(Date.now() + 10 * 365 * 24 * 3_600_000);
  await utimes(manifest, inTenYears, inTenYears);
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: temporary, DOCKER_HOST: engine };
  return {
    up: () => measure([...REFERENCE_CLI, "up", "--docker-path", docker, "--workspace-folder", project], { env }),
    async remove() {
      const filter = `label=devcontainer.local_folder=${project}`;
      const { stdout } = await measure([docker, "ps", "-aq", "--filter", filter], { env });
      for (const id of stdout.split("\n").filter(Boolean)) {
        const { stdout: mounts } = await measure([docker, "inspect", "-f", VOLUMES, id], { env });
        await measure([docker, "rm", "-f", "-v", id], { env });
        for (const name of mounts.split(/\s+/).filter(Boolean)) await measure([docker, "volume", "rm", name], { env });
      }
    },
  };
}

const VOLUMES = '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}';
