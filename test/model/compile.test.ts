import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

import { expect, test, vi } from "vitest";

import { compile } from "../../src/model/compile.ts";
import type { EngineCapacity } from "../../src/model/compile.ts";
import type { DesiredSandbox } from "../../src/model/desired.ts";
import { sorted } from "../../src/model/json.ts";
import type { Manifest, ManifestProject } from "../../src/model/manifest.ts";
import { builtInProfile } from "../../src/model/profiles.ts";
import type { Posture } from "../../src/model/profiles.ts";

function project(name: string, profile: string, rest: Partial<ManifestProject> = {}): ManifestProject {
  const posture = builtInProfile(profile) as Posture;
  return {
    name,
    profile,
    posture,
    image: "debian",
    state: "running",
    protect: false,
    env: {},
    volumes: [],
    mounts: {},
    ...rest,
  };
}

function manifest(...projects: ManifestProject[]): Manifest {
  return { workspace: "acme", root: "/srv/acme", projects };
}

function sandbox(project: ManifestProject, engine?: EngineCapacity): DesiredSandbox {
  const found = compile(manifest(project), engine).resources.find(({ kind }) => kind === "sandbox");
  return found as DesiredSandbox;
}

const LARGE = { cpus: 64, memory: 2 ** 40, gpu: false };

test("a project becomes an image, its volumes, a network where the profile is open, and a sandbox, sorted by address", () => {
  const { resources, projects, workspace, root } = compile(
    manifest(project("api", "strict"), project("web", "permissive", { volumes: ["cache", "data"] })),
    LARGE,
  );
  expect(resources.map(({ address }) => address)).toEqual([
    "image/api",
    "image/web",
    "network/web",
    "sandbox/api",
    "sandbox/web",
    "volume/web/cache",
    "volume/web/data",
  ]);
  expect(resources.map((each) => ("name" in each ? each.name : each.reference))).toEqual([
    "debian",
    "debian",
    "devc-acme-web",
    "devc-acme-api",
    "devc-acme-web",
    "devc-acme-web.cache",
    "devc-acme-web.data",
  ]);
  expect([projects, workspace, root]).toEqual([["api", "web"], "acme", "/srv/acme"]);
});

test("the least sandbox holds nothing empty", () => {
  expect(sandbox(project("web", "strict"), LARGE).spec).toEqual({
    image: "debian",
    entrypoint: ["/bin/sh"],
    command: ["-c", expect.stringContaining("sleep")],
    hostname: "web",
    network: { mode: "none" },
    capabilities: { drop: { ALL: true } },
    noNewPrivileges: true,
    resources: { memory: 4 * 1024 ** 3, nanoCpus: 2e9, pids: 512 },
  });
});

test("the fullest sandbox holds everything, in canonical order", () => {
  const full = project("web", "permissive", {
    env: { A: "1" },
    user: "dev",
    runtime: "runsc",
    state: "stopped",
    protect: true,
    folder: { source: "/srv/acme/web", target: "/workspaces/web" },
    volumes: ["cache"],
    mounts: {
      "/cache": { type: "volume", source: "cache", readOnly: true },
      "/zone": { type: "bind", source: "/srv/zone" },
      "/tmp": { type: "tmpfs", size: 1024 },
    },
  });
  const { spec, state, protect } = sandbox(full, LARGE);
  expect(spec).toMatchObject({
    env: { A: "1" },
    user: "dev",
    runtime: "runsc",
    workdir: "/workspaces/web",
    network: { mode: "bridge", networks: { "devc-acme-web": {} } },
    mounts: {
      "/cache": { type: "volume", source: "devc-acme-web.cache", readOnly: true },
      "/tmp": { type: "tmpfs", size: 1024 },
      "/workspaces/web": { type: "bind", source: "/srv/acme/web" },
      "/zone": { type: "bind", source: "/srv/zone" },
    },
  });
  expect(spec).not.toHaveProperty("resources");
  expect(spec).not.toHaveProperty("noNewPrivileges");
  expect([state, protect]).toEqual(["stopped", true]);
  const inOrder = (value: unknown): boolean => sorted(value) === value;
  expect(Object.keys(spec)).toEqual(Object.keys(spec).toSorted());
  expect(Object.entries(spec).filter(([key, value]) => key !== "mounts" && !inOrder(value))).toEqual([]);
  expect(Object.keys(spec.mounts ?? {})).toEqual(Object.keys(spec.mounts ?? {}).toSorted());
});

test("an allowlist is closed until something can apply it, and the person is told", () => {
  const { resources, notices } = compile(manifest(project("web", "moderate")), LARGE);
  const [found] = resources.filter(({ kind }) => kind === "sandbox") as DesiredSandbox[];
  expect(found?.spec.network).toEqual({ mode: "none" });
  expect(resources.some(({ kind }) => kind === "network")).toBe(false);
  expect(notices).toEqual([{ code: "closed-network", project: "web", message: expect.stringContaining("no network") }]);
});

test("limits above what the engine has are clamped, each with a notice", () => {
  const engine = { cpus: 2, memory: 3 * 1024 ** 3, gpu: false };
  const { notices } = compile(manifest(project("web", "moderate")), engine);
  expect(sandbox(project("web", "moderate"), engine).spec.resources).toEqual({
    memory: 3 * 1024 ** 3,
    nanoCpus: 2e9,
    pids: 2048,
  });
  expect(notices.filter(({ code }) => code === "clamped").map(({ message }) => message)).toEqual([
    "cpus 4 → 2: the engine has no more",
    "memory 8 GiB → 3 GiB: the engine has no more",
  ]);
});

test("limits the engine has, and limits without an engine, stay as they are", () => {
  const { resources, notices } = compile(manifest(project("web", "strict")), {
    cpus: 2,
    memory: 4 * 1024 ** 3,
    gpu: false,
  });
  expect(notices).toEqual([]);
  expect(resources).toEqual(compile(manifest(project("web", "strict")), undefined).resources);
});

test("no cap stays no cap on a small engine", () => {
  expect(sandbox(project("web", "permissive"), { cpus: 1, memory: 1, gpu: false }).spec).not.toHaveProperty(
    "resources",
  );
});

test("compiling leaves its input alone and gives equal results for equal input", () => {
  const input = manifest(project("web", "moderate"), project("zoo", "permissive", { env: { A: "b" } }));
  const before = structuredClone(input);
  const [first, second] = [
    compile(input, { cpus: 1, memory: 1024, gpu: false }),
    compile(structuredClone(input), { cpus: 1, memory: 1024, gpu: false }),
  ];
  expect(input).toEqual(before);
  expect(JSON.stringify(first)).toBe(JSON.stringify(second));
});

test.each(["/bin/dash", "/bin/bash"])(
  "in %s the sandbox's command ends with success when it is asked to",
  async (shell) => {
    const { command = [] } = sandbox(project("web", "strict")).spec;
    const child = spawn(shell, command, { stdio: "ignore" });
    const ended = once(child, "exit");
    const sleeper = await vi.waitFor(() => {
      const [pid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").split(" ");
      if (!pid || !readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep"))
        throw new Error("it does not wait yet");
      return Number(pid);
    });
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    process.kill(sleeper, "SIGKILL"); // in a sandbox it ends with process 1
  },
);

test("without a sleep program the sandbox's command ends with an error instead of spinning", async () => {
  const { command = [] } = sandbox(project("web", "strict")).spec;
  const child = spawn("/bin/sh", command, { env: { PATH: "/nonexistent" }, stdio: "ignore" });
  expect(await once(child, "exit")).toEqual([127, null]);
});

test("a share of a CPU is what the kernel can count: whole microseconds in 100 ms", () => {
  const posture = { ...(builtInProfile("strict") as Posture), resources: { nanoCpus: 333_333_333 } };
  expect(sandbox(project("api", "strict", { posture })).spec.resources).toEqual({ nanoCpus: 333_330_000 });
});
