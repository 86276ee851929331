import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { PlanDocument } from "../../src/report/documents/plan.ts";
import { callEngine } from "./raw-api.ts";

const DEVC = fileURLToPath(new URL("../../bin/devc.cjs", import.meta.url));

/** How a run of the built devc ended. */
export type Run = { status: number | null; stdout: string; stderr: string };

/** A row of the engine's own container list (GET /containers/json). */
export type Row = { Id: string; Names: string[]; State: string; Labels: Record<string, string>; ImageID: string };

/** A workspace of its own on a real engine, driven through the built CLI as a person would. */
export type Scenario = {
  workspace: string;
  /** Absolute folder of the manifest. */
  root: string;
  /** Writes `devc.yaml`; the workspace's name and version are added. */
  manifest(body: string): Promise<void>;
  /** Writes a file below the root, with the folders it needs. */
  write(file: string, text: string): Promise<void>;
  devc(...words: string[]): Promise<Run>;
  /** Starts devc and does not wait. */
  start(...words: string[]): ChildProcess;
  /** The same with further variables in its environment. */
  startWith(variables: Record<string, string>, ...words: string[]): ChildProcess;
  /** `devc plan --json`, parsed. */
  plan(...words: string[]): Promise<PlanDocument>;
  /** `devc apply --yes` that must succeed. */
  apply(...words: string[]): Promise<Run>;
  /** What every scenario ends with: a plan that finds nothing, by its exit status. */
  expectConverged(): Promise<void>;
  /** Any call of the engine's API, to do what somebody else could do. */
  api(method: string, route: string, body?: unknown): Promise<unknown>;
  /** All containers of the workspace as the engine lists them. */
  containers(): Promise<Row[]>;
  /** The container of a project. */
  container(project: string): Promise<Row>;
  /** Runs a shell line in a sandbox; gives its output. */
  inside(project: string, line: string): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Makes a workspace with a random name in a temporary folder; disposal removes all that carries its label. */
export async function createScenario(endpoint: string): Promise<Scenario> {
  const workspace = `t${randomBytes(4).toString("hex")}`;
  const root = await realpath(await mkdtemp(path.join(tmpdir(), "devc-scenario-")));
  const home = path.join(root, "..", `${path.basename(root)}-home`);
  await mkdir(home, { recursive: true });
  const env = { ...process.env, ...homeVariables(home), DEVC_ENGINE: endpoint, NO_COLOR: "1" };
  const socket = endpoint.replace(/^unix:\/\//, "");
  const api = (method: string, route: string, body?: unknown) => callEngine(socket, method, route, body);
  const filter = encodeURIComponent(JSON.stringify({ label: [`devc.workspace=${workspace}`] }));
  const startWith: Scenario["startWith"] = (variables, ...words) =>
    spawn(process.execPath, [DEVC, ...words], { cwd: root, env: { ...env, ...variables } });
  const start = (...words: string[]) => startWith({}, ...words);
  const devc = (...words: string[]) => outputOf(start(...words));
  const containers = async () => (await api("GET", `/containers/json?all=1&filters=${filter}`)) as Row[];

  const scenario: Scenario = {
    workspace,
    root,
    manifest: (body) => writeFile(path.join(root, "devc.yaml"), `version: 1\nworkspace: ${workspace}\n${body}`),
    async write(file, text) {
      const target = path.join(root, file);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, text);
    },
    devc,
    start,
    startWith,
    async plan(...words) {
      const { status, stdout, stderr } = await devc("plan", "--json", ...words);
      if (status !== 0) throw new Error(`devc plan ended with ${status}: ${stdout}${stderr}`);
      return JSON.parse(stdout) as PlanDocument;
    },
    async apply(...words) {
      const run = await devc("apply", "--yes", ...words);
      if (run.status !== 0) throw new Error(`devc apply ended with ${run.status}: ${run.stdout}${run.stderr}`);
      return run;
    },
    async expectConverged() {
      const { status, stdout, stderr } = await devc("plan", "--detailed-exitcode");
      if (status !== 0) throw new Error(`something is left to do (${status}): ${stdout}${stderr}`);
    },
    api,
    containers,
    async container(project) {
      const row = (await containers()).find(({ Names }) => Names[0] === `/devc-${workspace}-${project}`);
      if (!row) throw new Error(`no container of ${project}`);
      return row;
    },
    async inside(project, line) {
      const { status, stdout, stderr } = await devc("exec", "-T", project, "--", "sh", "-c", line);
      if (status !== 0) throw new Error(`exec in ${project} ended with ${status}: ${stdout}${stderr}`);
      return stdout;
    },
    async [Symbol.asyncDispose]() {
      for (const { Id } of await containers()) await api("DELETE", `/containers/${Id}?force=1&v=1`);
      const { Volumes } = (await api("GET", `/volumes?filters=${filter}`)) as { Volumes: { Name: string }[] | null };
      for (const { Name } of Volumes ?? []) await api("DELETE", `/volumes/${Name}?force=1`);
      const networks = (await api("GET", `/networks?filters=${filter}`)) as { Id: string }[];
      for (const { Id } of networks) await api("DELETE", `/networks/${Id}`);
      const built = encodeURIComponent(JSON.stringify({ label: [`devc.build.workspace=${workspace}`] }));
      for (const { Id } of (await api("GET", `/images/json?filters=${built}`)) as { Id: string }[]) {
        await api("DELETE", `/images/${Id}?force=1`);
      }
      await rm(root, { recursive: true, force: true });
      await rm(home, { recursive: true, force: true });
    },
  };
  return scenario;
}

/** devc keeps its cache and state under these; every scenario has its own. */
function homeVariables(home: string): Record<string, string> {
  return { XDG_CACHE_HOME: path.join(home, "cache"), XDG_STATE_HOME: path.join(home, "state") };
}

/** Collects the output of a child until it ends. */
export async function outputOf(child: ChildProcess): Promise<Run> {
  const output = { stdout: "", stderr: "" };
  child.stdin?.end();
  child.stdout?.on("data", (chunk) => void (output.stdout += chunk));
  child.stderr?.on("data", (chunk) => void (output.stderr += chunk));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return { status, ...output };
}
