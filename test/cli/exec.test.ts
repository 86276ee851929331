import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Host } from "../../src/cli/context.ts";
import { main } from "../../src/cli/main.ts";
import { createMemoryEngine } from "../../src/drivers/engine/memory/memory-engine.ts";
import type { MemoryExec } from "../../src/drivers/engine/memory/types.ts";
import { NO_TOOLS } from "../support/execute-tools.ts";
import { nodeFiles } from "../../src/drivers/files/node-files.ts";

const IMAGE = "debian:12";
const PROJECTS = `
defaults: { image: "${IMAGE}", profile: strict }
projects:
  api: { path: services/api }
  web: { path: apps/web }
  off: { state: stopped }
`;

let root: string;
let execs: MemoryExec[];
let engine: ReturnType<typeof createMemoryEngine>;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "devc-exec-")));
  await mkdir(join(root, "services", "api"), { recursive: true });
  await mkdir(join(root, "apps", "web", "src"), { recursive: true });
  await manifest(PROJECTS);
  execs = [];
  engine = createMemoryEngine({
    clock: Date,
    images: { [IMAGE]: {} },
    exec: async (io) => {
      execs.push(io);
      io.stdout.write("inside\n");
      return 7;
    },
  });
});

afterEach(() => rm(root, { recursive: true }));

const manifest = (body: string) => writeFile(join(root, "devc.yaml"), `version: 1\nworkspace: acme\n${body}`);

/** Runs a command line as from a shell. `terminal`: all three streams are one. */
async function devc(words: string[], { cwd = root, terminal = false, env = {} } = {}) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const rawModes: boolean[] = [];
  if (terminal) {
    Object.assign(stdin, { isTTY: true, setRawMode: (raw: boolean) => void rawModes.push(raw) });
    for (const stream of [stdout, stderr]) Object.assign(stream, { isTTY: true, columns: 90, rows: 20 });
  } else stdin.end();
  const host: Host = {
    cwd,
    env: { NO_COLOR: "1", TERM: "xterm-256color", XDG_RUNTIME_DIR: join(root, ".run"), ...env },
    platform: process.platform,
    home: join(root, ".home"),
    pid: process.pid,
    streams: { stdin, stdout, stderr },
    clock: { now: () => Date.now(), sleep: async () => {} },
    fs: nodeFiles,
    randomBytes: (length) => new Uint8Array(length).fill(0xab),
    connectEngine: async () => engine.client(),
    ...NO_TOOLS,
    onSignal: () => () => {},
    terminate: () => {},
  };
  const status = await main(words, host);
  stdout.end();
  stderr.end();
  return { status, stdout: await text(stdout), stderr: await text(stderr), rawModes };
}

async function up(): Promise<void> {
  const { status, stderr } = await devc(["apply", "--yes"]);
  expect(status, stderr).toBe(0);
}

describe("devc exec", () => {
  it("runs a command in the sandbox of a project and ends with its exit code", async () => {
    await up();
    const run = await devc(["exec", "web", "--", "npm", "test"]);
    expect([run.status, run.stdout]).toEqual([7, "inside\n"]);
    expect(execs).toMatchObject([{ request: { command: ["npm", "test"], tty: false, stdin: true } }]);
    expect(execs[0]?.container.hostname).toBe("web");
  });

  it("leaves everything after the command's name to the command", async () => {
    await up();
    await devc(["exec", "web", "ls", "-la", "--json", "--", "-x"]);
    expect(execs[0]?.request.command).toEqual(["ls", "-la", "--json", "--", "-x"]);
  });

  it("passes user, folder and variables", async () => {
    await up();
    const words = [
      "exec",
      "-u",
      "dev",
      "-w",
      "/srv",
      "-e",
      "A=1=2",
      "-e",
      "EMPTY=",
      "--env",
      "FROM_HERE",
      "web",
      "env",
    ];
    await devc(words, { env: { FROM_HERE: "here" } });
    expect(execs[0]?.request).toMatchObject({
      user: "dev",
      workdir: "/srv",
      env: { A: "1=2", EMPTY: "", FROM_HERE: "here" },
    });
  });

  it("refuses a variable that is not set here", async () => {
    await up();
    const run = await devc(["exec", "-e", "NOWHERE", "web", "env"]);
    expect([run.status, execs]).toEqual([64, []]);
    expect(run.stderr).toContain("variable NOWHERE is not set");
  });

  it("gives the command a terminal when there is one here, unless told not to", async () => {
    await up();
    expect(await devc(["exec", "web", "top"], { terminal: true })).toMatchObject({ rawModes: [true, false] });
    expect(await devc(["exec", "-T", "web", "top"], { terminal: true })).toMatchObject({ rawModes: [] });
    expect(await devc(["exec", "-n", "web", "top"], { terminal: true })).toMatchObject({ rawModes: [] });
    expect(execs.map(({ request: { tty, stdin } }) => [tty, stdin])).toEqual([
      [true, true],
      [false, true],
      [false, false],
    ]);
    expect(execs[0]?.request.env).toMatchObject({ TERM: "xterm-256color" });
  });

  it("finds the project by the folder it is started in", async () => {
    await up();
    await devc(["exec", "--", "pwd"], { cwd: join(root, "apps", "web", "src") });
    await devc(["exec", "--", "pwd"], { cwd: join(root, "services", "api") });
    expect(execs.map(({ container }) => container.hostname)).toEqual(["web", "api"]);
  });

  it("asks which project when the folder does not tell", async () => {
    await up();
    const run = await devc(["exec", "--", "pwd"], { cwd: join(root, "apps") });
    expect([run.status, execs]).toEqual([64, []]);
    expect(run.stderr).toContain("api, off, web");
  });

  it("takes the only project of a workspace wherever it is started", async () => {
    await manifest(`projects: { solo: { image: "${IMAGE}", profile: strict } }`);
    await up();
    await devc(["exec", "--", "pwd"], { cwd: join(root, "apps") });
    expect(execs[0]?.container.hostname).toBe("solo");
  });

  it("names the nearest project when there is none of that name", async () => {
    await up();
    const run = await devc(["exec", "webb", "--", "pwd"]);
    expect([run.status, execs]).toEqual([64, []]);
    expect(run.stderr).toContain("did you mean 'web'?");
  });

  it("wants a command", async () => {
    await up();
    const run = await devc(["exec", "web"]);
    expect([run.status, execs]).toEqual([64, []]);
    expect(run.stderr).toContain("devc attach web");
  });

  it("says how to make a sandbox that does not exist", async () => {
    const run = await devc(["exec", "web", "--", "pwd"]);
    expect([run.status, execs]).toEqual([1, []]);
    expect(run.stderr).toContain("devc up web");
  });

  it("says how to start a sandbox that is stopped", async () => {
    await up();
    await engine.stopContainer(await idOf("devc-acme-web"), { graceSeconds: 0 });
    const run = await devc(["exec", "web", "--", "pwd"]);
    expect([run.status, execs]).toEqual([1, []]);
    expect(run.stderr).toContain("it is exited");
    expect(run.stderr).toContain("devc up web");
  });

  it("says what keeps a sandbox stopped that the manifest wants so", async () => {
    await up();
    const run = await devc(["exec", "off", "--", "pwd"]);
    expect(run.status).toBe(1);
    expect(run.stderr).toContain("state: running");
  });

  it("never enters a container that only has the name, or the labels of its image", async () => {
    await up();
    const { labels } = await live("devc-acme-web");
    await engine.removeContainer(await idOf("devc-acme-web"));
    const spec = { image: IMAGE, network: { mode: "none" } } as const;
    const { id: imageId = "" } = (await engine.inspectImage(IMAGE)) ?? {};
    const strangers = [{}, { ...labels, "devc.core": "v1:0" }, { ...labels, "devc.root": "/elsewhere" }];
    for (const each of strangers) {
      const { id } = await engine.createContainer({ name: "devc-acme-web", imageId, labels: each, spec });
      await engine.startContainer(id);
      const run = await devc(["exec", "web", "--", "pwd"]);
      expect([run.status, execs]).toEqual([1, []]);
      await engine.removeContainer(id);
    }
  });
});

describe("devc attach", () => {
  it("opens a login shell on the terminal", async () => {
    await up();
    const run = await devc(["attach", "-u", "dev", "web"], { terminal: true });
    expect([run.status, run.stdout, run.rawModes]).toEqual([7, "inside\n", [true, false]]);
    expect(execs).toMatchObject([{ request: { tty: true, user: "dev", command: ["/bin/sh", "-c", /exec/] } }]);
  });

  it("needs a terminal", async () => {
    await up();
    const run = await devc(["attach", "web"]);
    expect([run.status, execs]).toEqual([64, []]);
    expect(run.stderr).toContain("devc exec web");
  });
});

async function live(name: string) {
  const found = (await engine.listContainers()).find((each) => each.name === name);
  if (!found) throw new Error(`no container ${name}`);
  return found;
}

const idOf = async (name: string) => (await live(name)).id;
