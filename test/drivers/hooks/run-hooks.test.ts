import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createMemoryEngine } from "../../../src/drivers/engine/memory/memory-engine.ts";
import type { MemoryEngine, MemoryExec } from "../../../src/drivers/engine/memory/types.ts";
import type { HooksWorld } from "../../../src/drivers/hooks/inside.ts";
import { createHookRunner } from "../../../src/drivers/hooks/run-hooks.ts";
import { ONCE_PHASES, START_PHASES } from "../../../src/model/devcontainer/lifecycle.ts";
import type { HooksSpec, RemoteSpec } from "../../../src/model/devcontainer/lifecycle.ts";
import type { HookRequest } from "../../../src/reconcile/hook-runner.ts";
import { localShell } from "../../support/local-shell.ts";

const WORLD: HooksWorld = {
  clock: { sleep: async (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}) },
  randomBytes: (length) => randomBytes(length),
};

let home: string;
let execs: MemoryExec["request"][];
let beforeExec: (io: MemoryExec) => Promise<void>;
let engine: MemoryEngine;
let now: number;

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "devc-hooks-home-"));
  execs = [];
  beforeExec = async () => {};
  now = Date.UTC(2026, 0, 1);
  engine = createMemoryEngine({
    clock: { now: () => now },
    images: { base: {} },
    exec: async (io) => {
      execs.push(io.request);
      await beforeExec(io);
      return localShell(io);
    },
  });
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A running container whose home is a folder of the test. */
async function container(env: Record<string, string> = {}): Promise<string> {
  const image = await engine.inspectImage("base");
  const spec = { image: "base", env: { HOME: home, ...env }, network: { mode: "none" } } as const;
  const { id } = await engine.createContainer({ name: "hooked", imageId: image?.id ?? "", labels: {}, spec });
  await engine.startContainer(id);
  return id;
}

type Options = Partial<Omit<HookRequest, "hooks">> & { remote?: Partial<RemoteSpec>; timeoutMs?: number };

/** Runs hooks and gives what was printed: phase and line. */
async function run(
  containerId: string,
  phases: HooksSpec["phases"],
  { remote, timeoutMs = 60_000, ...options }: Options = {},
): Promise<string[]> {
  const printed: string[] = [];
  await createHookRunner(WORLD)(engine, {
    containerId,
    project: "web",
    hooks: {
      phases,
      remote: { workdir: home, env: {}, userEnvProbe: "none", ...remote },
      timeoutMs,
      waitFor: "updateContent",
    },
    phases: [...ONCE_PHASES, ...START_PHASES],
    reveal: (text) => text,
    onOutput: (phase, name, line) => void printed.push(`${name === undefined ? phase : `${phase}:${name}`} ${line}`),
    signal: new AbortController().signal,
    ...options,
  });
  return printed;
}

/** Whether a process of this machine runs; one that ended and that nobody has asked about does not. */
function runs(pid: number): boolean {
  const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, "utf8") : "State: X";
  return !/^State:\s+[ZX]/m.test(status);
}

const entry = (command: HooksSpecCommand, source = "devcontainer.json") => ({ command, source });
type HooksSpecCommand = NonNullable<HooksSpec["phases"]["onCreate"]>[number]["command"];

const markers = (): string[] => readdirSync(path.join(home, ".devcontainer")).toSorted();
const marker = (name: string): string => readFileSync(path.join(home, ".devcontainer", name), "utf8");

describe("the hook runner", () => {
  it("notes phases without commands too, and then asks for nothing but the notes", async () => {
    const id = await container();
    expect(await run(id, {})).toEqual([]);
    const [created, started] = ["2026-01-01T00:00:00.000Z\n", "2026-01-01T00:00:00.000Z\n"];
    expect(Object.fromEntries(markers().map((name) => [name, marker(name)]))).toEqual({
      ".onCreateCommandMarker": created,
      ".updateContentCommandMarker": created,
      ".postCreateCommandMarker": created,
      ".postStartCommandMarker": started,
    });
    execs.length = 0;
    expect(await run(id, { onCreate: [entry("echo again")] })).toEqual([]);
    expect(execs.length).toBe(2);
  });

  it("takes a marker of another container for none, and an empty one too", async () => {
    const id = await container();
    await run(id, {});
    writeFileSync(path.join(home, ".devcontainer", ".onCreateCommandMarker"), "2020-01-01T00:00:00Z\n");
    writeFileSync(path.join(home, ".devcontainer", ".postCreateCommandMarker"), "");
    const hooks = { onCreate: [entry("echo a")], updateContent: [entry("echo b")], postCreate: [entry("echo c")] };
    expect(await run(id, hooks)).toEqual(["onCreate a", "postCreate c"]);
  });

  it("runs entries of the image first, and names what failed and where it is from", async () => {
    const id = await container();
    const hooks = {
      onCreate: [entry("echo image", "image"), entry({ a: "echo a", b: ["sh", "-c", "exit 3"] }, "image")],
    };
    await expect(run(id, hooks)).rejects.toMatchObject({
      code: "hook-failed",
      message: "'b' of onCreateCommand of the image of project web ended with status 3: sh -c exit 3",
      subject: "web",
      details: [],
    });
  });

  it("puts the container's environment and the host's values into commands, and shows only what was written", async () => {
    const id = await container({ GREETING: "hello" });
    const secret = `hosts:${"0".repeat(32)}`;
    const reveal = (text: string): string => text.replaceAll(secret, "the secret");
    const hooks = { onCreate: [entry(["sh", "-c", `echo '\${containerEnv:GREETING}' '${secret}'; exit 1`])] };
    const printed: string[] = [];
    const onOutput: HookRequest["onOutput"] = (_phase, _name, line) => void printed.push(line);
    const error = await run(id, hooks, { reveal, onOutput }).catch((thrown: unknown) => thrown);
    expect(printed).toEqual(["hello the secret"]);
    expect((error as Error).message).toBe(
      `onCreateCommand of project web ended with status 1: sh -c echo '\${containerEnv:GREETING}' '${secret}'; exit 1`,
    );
  });

  it("runs blank texts and empty lists as nothing, and keeps a program's own arguments as they are", async () => {
    const id = await container();
    const command = ["printf", "[%s]\\n", "a b", "", "$HOME", "*"];
    const hooks = { onCreate: [entry(" \n"), entry([])], postCreate: [entry(command)] };
    expect(await run(id, hooks)).toEqual(["postCreate [a b]", "postCreate []", "postCreate [$HOME]", "postCreate [*]"]);
  });

  it("tells a program that is not there from one that fails", async () => {
    const id = await container();
    await expect(run(id, { onCreate: [entry(["no-such-program"])] })).rejects.toMatchObject({
      message: "onCreateCommand of project web ended with status 127: no-such-program",
      details: [expect.stringContaining("no-such-program")],
    });
  });

  it("tells how a program ended that a signal killed together with everything around it", async () => {
    const id = await container();
    await expect(run(id, { onCreate: [entry("kill -9 0")] })).rejects.toMatchObject({
      message: "onCreateCommand of project web ended with status 137: kill -9 0",
    });
  });

  it("runs nothing once it is interrupted", async () => {
    const id = await container();
    await expect(run(id, { onCreate: [entry("echo a")] }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "interrupted",
    });
    expect(execs).toEqual([]);
  });

  it("ends a command that begins only after it was interrupted", async () => {
    const id = await container();
    const stop = new AbortController();
    const pids = path.join(home, "pids");
    beforeExec = async ({ request }) => {
      if (!request.env?.["DEVC_HOOK"]) return;
      // The engine has said that it runs, the person interrupts, and only then the process appears.
      stop.abort();
      await expect.poll(() => execs.length, { timeout: 20_000 }).toBeGreaterThan(4);
    };
    const command = `echo $$ >>${pids}; echo late; sleep 2147483`;
    const running = run(id, { onCreate: [entry(command)] }, { signal: stop.signal });
    await expect(running).rejects.toMatchObject({ code: "interrupted", details: ["late"] });
    const pid = Number(readFileSync(pids, "utf8"));
    expect([runs(process.pid), pid > 1]).toEqual([true, true]);
    expect(runs(pid)).toBe(false);
  });

  it("asks the shell for its environment only when there is something to run", async () => {
    const id = await container({ SHELL: "/bin/bash" });
    writeFileSync(path.join(home, ".bash_profile"), "export PROBED=yes\n");
    const remote = { userEnvProbe: "loginShell", env: { MINE: "${containerEnv:SHELL}" } } as const;
    expect(await run(id, {}, { remote })).toEqual([]);
    expect(execs.some(({ command }) => command[0] === "/bin/bash")).toBe(false);
    const hooks = { postAttach: [entry('echo "$PROBED $MINE"')] };
    expect(await run(id, hooks, { remote, phases: ["postAttach"] })).toEqual(["postAttach yes /bin/bash"]);
  });
});
