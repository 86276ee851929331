import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Host } from "../../src/cli/context.ts";
import { main } from "../../src/cli/main.ts";
import { createMemoryEngine } from "../../src/drivers/engine/memory/memory-engine.ts";
import type { MemoryEngine, MemoryExec } from "../../src/drivers/engine/memory/types.ts";
import { nodeFiles } from "../../src/drivers/files/node-files.ts";
import { createHookRunner } from "../../src/drivers/hooks/run-hooks.ts";
import { acquireLock } from "../../src/drivers/lock/lock.ts";
import { plainLabels } from "../../src/model/labels.ts";
import { hooksRecordName } from "../../src/model/names.ts";
import { NO_TOOLS } from "../support/execute-tools.ts";
import { localShell } from "../support/local-shell.ts";

const IMAGE = "debian:12";
/** Of the person's command; scripts of devc itself are run for real. */
const EXIT = 7;

let root: string;
let home: string;
let engine: MemoryEngine;
/** What the person's commands were started with. */
let entered: MemoryExec["request"][];
/** Programs that devc started for itself. */
let own: string[];
let handlers: Map<string, () => void>;

beforeEach(async () => {
  root = realpathSync(mkdtempSync(path.join(tmpdir(), "devc-entry-")));
  home = path.join(root, ".inside");
  mkdirSync(home);
  entered = [];
  own = [];
  handlers = new Map();
  engine = createMemoryEngine({
    clock: Date,
    facts: { id: root },
    images: { [IMAGE]: { labels: { "devcontainer.metadata": JSON.stringify([{ remoteUser: "root:root" }]) } } },
    exec: async (io) => {
      if (!io.request.env?.["DEVC_EXEC"]) {
        own.push(io.request.command[0] ?? "");
        return localShell(io);
      }
      entered.push(io.request);
      return EXIT;
    },
  });
  writeFileSync(path.join(home, ".bash_profile"), "export PROBED=1\n");
  writeFileSync(path.join(root, "devc.yaml"), "version: 1\nworkspace: acme\nprojects: { web: { path: web } }\n");
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Writes the project's devcontainer.json; the folder inside is one of this machine, so that scripts can start there. */
function devcontainer(more: object): void {
  mkdirSync(path.join(root, "web", ".devcontainer"), { recursive: true });
  const file = {
    image: IMAGE,
    workspaceFolder: path.join(root, "web"),
    workspaceMount: `type=bind,source=\${localWorkspaceFolder},target=${path.join(root, "web")}`,
    containerEnv: { HOME: home, SHELL: "/bin/bash", FROM_FILE: "file" },
    ...more,
  };
  writeFileSync(path.join(root, "web", ".devcontainer", "devcontainer.json"), JSON.stringify(file));
}

async function devc(...words: string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  if (words[0] === "attach") {
    for (const stream of [stdin, stdout, stderr]) Object.assign(stream, { isTTY: true, setRawMode: () => {} });
  } else stdin.end();
  const clock: Host["clock"] = {
    now: () => Date.now(),
    sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
  };
  const world = { clock, randomBytes: (length: number) => new Uint8Array(randomBytes(length)) };
  const host: Host = {
    cwd: root,
    env: { NO_COLOR: "1", TERM: "dumb", FROM_HOST: "of the host", XDG_RUNTIME_DIR: path.join(root, ".run") },
    platform: process.platform,
    home: path.join(root, ".home"),
    pid: process.pid,
    streams: { stdin, stdout, stderr },
    fs: nodeFiles,
    connectEngine: async () => engine.client(),
    ...NO_TOOLS,
    ...world,
    runHooks: createHookRunner(world),
    onSignal: (signal, handler) => {
      handlers.set(signal, handler);
      return () => void handlers.delete(signal);
    },
    terminate: () => {},
  };
  const status = await main(words, host);
  stdout.end();
  stderr.end();
  return { status, stdout: await text(stdout), stderr: await text(stderr) };
}

async function up(): Promise<void> {
  const { status, stderr } = await devc("apply", "--yes");
  expect(status, stderr).toBe(0);
  own.length = 0;
}

/** Makes hooks pending, as they are after a failure or while an apply runs them. */
async function makePending(): Promise<void> {
  const [container] = await engine.listContainers({ workspace: "acme" });
  const origin = { workspace: "acme", root, generation: "g", version: "v" };
  const spec = { driver: "local" } as const;
  await engine.createVolume({
    name: hooksRecordName("acme", "web", container?.id ?? ""),
    labels: plainLabels(origin, "hooks/web", spec),
    spec,
  });
}

describe("devc exec in a project with a devcontainer.json", () => {
  it("runs as remoteUser in workspaceFolder with the shell's environment and remoteEnv over it", async () => {
    devcontainer({ remoteEnv: { A: "${containerEnv:FROM_FILE} ${localEnv:FROM_HOST}", PROBED: "2" } });
    await up();
    expect((await devc("exec", "web", "--", "true")).status).toBe(EXIT);
    expect(entered[0]).toMatchObject({
      command: ["true"],
      user: "root:root",
      workdir: path.join(root, "web"),
      // The container's own variables reach the command by themselves.
      env: { A: "file of the host", PROBED: "2", DEVC_EXEC: expect.any(String) },
    });
  });

  it("lets the command line say otherwise", async () => {
    devcontainer({ userEnvProbe: "none", remoteEnv: { A: "1", B: "2" } });
    await up();
    await devc("exec", "-u", "other", "-w", "/elsewhere", "-e", "A=mine", "web", "--", "true");
    expect(entered[0]).toMatchObject({ user: "other", workdir: "/elsewhere", env: { A: "mine", B: "2" } });
    expect(own).toEqual([]);
  });

  it("asks the shell once for each start of the sandbox", async () => {
    devcontainer({ userEnvProbe: "loginShell" });
    await up();
    await devc("exec", "web", "--", "true");
    expect(own).toEqual(["/bin/sh", "/bin/bash"]);
    expect(entered[0]?.env).toMatchObject({ PROBED: "1" });
    await devc("exec", "web", "--", "true");
    expect(own.length).toBe(2);
    expect(entered[1]?.env).toMatchObject({ PROBED: "1" });
    await devc("exec", "-u", "0", "web", "--", "true");
    expect(own.length).toBe(4);
  });

  it("does not enter before the phase of waitFor has succeeded, when nobody is bringing it about", async () => {
    devcontainer({ userEnvProbe: "none", onCreateCommand: "true", postCreateCommand: "true" });
    await up();
    await makePending();
    expect((await devc("exec", "web", "--", "true")).status).toBe(EXIT);
    rmSync(path.join(home, ".devcontainer", ".updateContentCommandMarker"));
    const { status, stderr } = await devc("exec", "web", "--", "true");
    expect(status).toBe(1);
    expect(stderr).toContain("updateContentCommand of project web has not succeeded, and no devc is running it");
    expect(stderr).toContain("devc up web");
    expect(entered.length).toBe(1);
  });

  it("waits while another devc is at work, and says so", async () => {
    devcontainer({ userEnvProbe: "none", waitFor: "postCreateCommand", postCreateCommand: "true" });
    await up();
    await makePending();
    const marker = path.join(home, ".devcontainer", ".postCreateCommandMarker");
    const succeeded = nodeFiles.read(marker, 1000);
    rmSync(marker);
    const request = {
      engineId: root,
      workspace: "acme",
      platform: process.platform,
      dir: path.join(root, ".run", "devc"),
    };
    const clock = { now: () => Date.now(), sleep: async () => {} };
    const holder = { pid: process.pid, command: "apply", startedAt: 0 };
    await using _lock = await acquireLock({ ...request, clock, holder });
    const running = devc("exec", "web", "--", "true");
    await expect.poll(() => own.length, { timeout: 20_000 }).toBeGreaterThan(2);
    expect(entered).toEqual([]);
    writeFileSync(marker, succeeded);
    const { status, stderr } = await running;
    expect(status).toBe(EXIT);
    expect(stderr).toContain("Waiting until postCreateCommand of project web is over");
  });

  it("waits for nothing with waitFor initializeCommand", async () => {
    devcontainer({ userEnvProbe: "none", waitFor: "initializeCommand", onCreateCommand: "true" });
    await up();
    await makePending();
    rmSync(path.join(home, ".devcontainer"), { recursive: true });
    expect((await devc("exec", "web", "--", "true")).status).toBe(EXIT);
  });
});

describe("devc attach in a project with a devcontainer.json", () => {
  it("runs postAttachCommand first, and shows and keeps what it prints", async () => {
    devcontainer({ userEnvProbe: "none", postCreateCommand: "echo made", postAttachCommand: { hi: "echo attached" } });
    await up();
    const { status, stderr } = await devc("attach", "web");
    expect(status).toBe(EXIT);
    expect(stderr).toContain("[postAttach:hi] attached");
    const { stdout } = await devc("logs", "--hooks", "web");
    expect(stdout).toMatch(/^\S+Z \[postCreate\] made\n\S+Z \[postAttach:hi\] attached\n$/);
  });

  it("runs postStartCommand when the sandbox was started by something else", async () => {
    devcontainer({ userEnvProbe: "none", postStartCommand: "echo started" });
    await up();
    expect((await devc("attach", "web")).stderr).not.toContain("started");
    writeFileSync(path.join(home, ".devcontainer", ".postStartCommandMarker"), "2020-01-01T00:00:00Z\n");
    expect((await devc("attach", "web")).stderr).toContain("[postStart] started");
    expect((await devc("attach", "web")).stderr).not.toContain("started");
  });

  it("opens the shell although postAttachCommand failed, and says what failed", async () => {
    devcontainer({ userEnvProbe: "none", postAttachCommand: "echo why; exit 3" });
    await up();
    const { status, stderr } = await devc("attach", "web");
    expect(status).toBe(EXIT);
    expect(stderr).toContain("[postAttach] why");
    expect(stderr).toContain("postAttachCommand of project web ended with status 3");
  });

  it("ends with 130 when it is interrupted, and opens no shell", async () => {
    devcontainer({ userEnvProbe: "none", postAttachCommand: "echo begun; sleep 2147483" });
    await up();
    const running = devc("attach", "web");
    await expect.poll(() => own.length, { timeout: 20_000 }).toBeGreaterThan(2);
    handlers.get("SIGINT")?.();
    expect((await running).status).toBe(130);
    expect(entered).toEqual([]);
  });

  it("runs nothing while commands are pending, and says so", async () => {
    devcontainer({ userEnvProbe: "none", onCreateCommand: "true", postAttachCommand: "echo attached" });
    await up();
    await makePending();
    const { status, stderr } = await devc("attach", "web");
    expect(status).toBe(EXIT);
    expect(stderr).toContain("Not all commands of devcontainer.json have run: devc logs --hooks web");
    expect(stderr).not.toContain("attached");
  });
});

describe("devc logs", () => {
  it("prints the last lines of the commands, safe for a terminal, or as JSON", async () => {
    const postCreateCommand = "printf '\\033[31mred\\033[0m\\n\\033]0;title\\007\\nlast\\n'";
    devcontainer({ userEnvProbe: "none", postCreateCommand });
    await up();
    const { stdout } = await devc("logs", "--hooks", "-n", "3", "web");
    expect(stdout.replaceAll(/^\S+Z /gm, "")).toBe(
      "[postCreate] red\n[postCreate] \\x1b]0;title\\x07\n[postCreate] last\n",
    );
    const json = JSON.parse((await devc("logs", "--hooks", "--tail", "1", "--json", "web")).stdout) as object;
    expect(json).toEqual({
      format: "devc.logs/1",
      devc: expect.any(String),
      workspace: "acme",
      project: "web",
      source: "hooks",
      lines: [expect.stringMatching(/Z \[postCreate\] last$/)],
    });
  });

  it("prints what the sandbox itself printed, also when it has stopped", async () => {
    engine = createMemoryEngine({
      clock: Date,
      facts: { id: `${root}-2` },
      images: { [IMAGE]: { process: { prints: ["one", "two"] } } },
    });
    devcontainer({ userEnvProbe: "none" });
    await up();
    const [container] = await engine.listContainers({ workspace: "acme" });
    await engine.stopContainer(container?.id ?? "", { graceSeconds: 0 });
    expect(await devc("logs", "web")).toMatchObject({ status: 0, stdout: "one\ntwo\n" });
    expect((await devc("logs", "-n", "1", "web")).stdout).toBe("two\n");
  });

  it("says when there is nothing to print", async () => {
    devcontainer({});
    const commands = await devc("logs", "--hooks", "web");
    expect([commands.status, commands.stdout]).toEqual([1, ""]);
    expect(commands.stderr).toContain("no command of a devcontainer.json has printed anything for web");
    expect((await devc("logs", "web")).stderr).toContain("project web has no sandbox");
  });
});
