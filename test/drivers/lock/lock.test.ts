import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import type { DevcError } from "../../../src/model/errors.ts";
import { acquireLock, isLockHeld, lockPlace } from "../../../src/drivers/lock/lock.ts";
import type { LockRequest } from "../../../src/drivers/lock/lock.ts";

type Step = { step: string; pid?: number; code?: string; message?: string; hint?: string; by?: { pid: number } };
type Contender = { child: ChildProcess; next(): Promise<Step>; release(): void; exited: Promise<unknown> };

let folder: string;
let program: string;
const contenders: Contender[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "devc-lock-"));
  program = join(folder, "contender.mjs");
  const entry = join(import.meta.dirname, "contender.ts");
  await build({ entryPoints: [entry], outfile: program, bundle: true, platform: "node", format: "esm" });
});

afterEach(async () => {
  for (const { child, exited } of contenders.splice(0)) {
    child.kill("SIGKILL");
    await exited;
  }
});

afterAll(() => rm(folder, { recursive: true }));

/** The kind of socket decides the variant; `darwin` is the one with socket files, which works on any unix. */
const VARIANTS: { variant: string; platform: NodeJS.Platform }[] = [
  { variant: "abstract sockets", platform: "linux" },
  { variant: "socket files", platform: "darwin" },
];

const CLOCK = {
  now: () => Date.now(),
  sleep: async (ms: number, signal?: AbortSignal) => sleep(ms, undefined, signal ? { signal } : {}),
};

describe.each(VARIANTS)("a lock made of $variant", ({ platform }) => {
  const wish = (extra: Partial<LockRequest> = {}): LockRequest => ({
    engineId: "test-engine",
    workspace: randomUUID(),
    platform,
    dir: join(folder, "locks"),
    clock: CLOCK,
    holder: { pid: process.pid, command: "devc apply", startedAt: Date.now() },
    ...extra,
  });

  it("excludes a second process and tells it who holds the lock", async () => {
    const request = wish();
    const holder = contend(request, { command: "devc apply -p web" });
    expect(await holder.next()).toMatchObject({ step: "held" });
    const second = await contend(request).next();
    expect(second).toMatchObject({ step: "failed", code: "locked" });
    expect(second.message).toContain(`(devc apply -p web, process ${holder.child.pid}, since 20`);
    expect(second.hint).toContain(`end process ${holder.child.pid}`);
  });

  it("is seen held and free without being taken", async () => {
    const request = wish();
    expect(await isLockHeld(request)).toBe(false);
    const holder = contend(request);
    expect(await holder.next()).toMatchObject({ step: "held" });
    expect(await isLockHeld(request)).toBe(true);
    expect(await isLockHeld({ ...request, workspace: `${request.workspace}-b` })).toBe(false);
    holder.child.kill("SIGKILL");
    await holder.exited;
    expect(await isLockHeld(request)).toBe(false);
    await using _lock = await acquireLock(request);
    expect(await isLockHeld(request)).toBe(true);
  });

  it("excludes a second lock in the same process", async () => {
    const request = wish();
    await using _lock = await acquireLock(request);
    await expect(acquireLock(request)).rejects.toMatchObject({ code: "locked" });
  });

  it("does not exclude another workspace, nor the same one on another engine", async () => {
    const request = wish();
    await using _one = await acquireLock(request);
    await using _two = await acquireLock({ ...request, workspace: `${request.workspace}-b` });
    await using _three = await acquireLock({ ...request, engineId: "other-engine" });
  });

  it("is free at once after a release, many times over", async () => {
    const request = wish();
    for (let round = 0; round < 20; round++) {
      await using _lock = await acquireLock(request);
    }
  });

  it("can be released twice", async () => {
    const request = wish();
    const lock = await acquireLock(request);
    await lock.release();
    await lock.release();
    await using _again = await acquireLock(request);
  });

  it("dies with its process when that is killed", async () => {
    const request = wish();
    const holder = contend(request);
    expect(await holder.next()).toMatchObject({ step: "held" });
    await expect(acquireLock(request)).rejects.toMatchObject({ code: "locked" });
    holder.child.kill("SIGKILL");
    await holder.exited;
    await using _lock = await acquireLock(request);
  });

  it("passes to a waiter when the holder is killed", async () => {
    const request = wish();
    const holder = contend(request);
    expect(await holder.next()).toMatchObject({ step: "held" });
    const waiter = contend(request, { wait: 60_000 });
    expect(await waiter.next()).toMatchObject({ step: "waiting", by: { pid: holder.child.pid } });
    holder.child.kill("SIGKILL");
    expect(await waiter.next()).toMatchObject({ step: "held", pid: waiter.child.pid });
  });

  it("passes through ten contenders, one at a time", async () => {
    const request = wish();
    const all = Array.from({ length: 10 }, () => contend(request, { wait: 60_000 }));
    let holding = 0;
    const served = await Promise.all(
      all.map(async (contender, at) => {
        let step = await contender.next();
        if (step.step === "waiting") step = await contender.next();
        expect(step.step).toBe("held");
        expect(++holding).toBe(1);
        await expect(acquireLock(request)).rejects.toMatchObject({ code: "locked" });
        holding--;
        // Every other holder dies instead of releasing.
        if (at % 2 === 0) contender.child.kill("SIGKILL");
        else contender.release();
        await contender.exited;
        return step.pid;
      }),
    );
    expect(new Set(served).size).toBe(10);
  });

  it("gives way to one of many that want it at the same moment", async () => {
    const request = wish();
    for (let round = 0; round < 20; round++) {
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, (_, at) =>
          acquireLock({ ...request, holder: { ...request.holder, startedAt: round * 8 + at } }),
        ),
      );
      const won = tries.filter((each) => each.status === "fulfilled");
      expect(won.length).toBe(1);
      for (const each of tries) if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "locked" });
      await won[0]?.value.release();
    }
  });

  it("stops waiting when the signal aborts", async () => {
    const request = wish();
    await using _lock = await acquireLock(request);
    const abort = new AbortController();
    const waiting = acquireLock({ ...request, wait: 60_000, signal: abort.signal, onWait: () => abort.abort() });
    await expect(waiting).rejects.toMatchObject({ code: "interrupted" });
  });

  it("stops waiting when the time is over", async () => {
    const request = wish();
    await using _lock = await acquireLock(request);
    await expect(acquireLock({ ...request, wait: 60 })).rejects.toMatchObject({ code: "locked" });
  });

  it("does not keep a process alive that has nothing left to do", async () => {
    const holder = contend(wish());
    expect(await holder.next()).toMatchObject({ step: "held" });
    holder.child.stdin?.end();
    await holder.exited;
    expect(holder.child.exitCode).toBe(0);
  });

  it("ends the connection of a visitor that talks, and keeps the lock", async () => {
    const request = wish();
    await using _lock = await acquireLock(request);
    const socket = connect(await socketOf(request));
    const closed = new Promise((resolve) => socket.on("error", () => {}).on("close", resolve));
    socket.write("x".repeat(100_000));
    await closed;
    await expect(acquireLock(request)).rejects.toMatchObject({ code: "locked" });
  });
});

describe("a stranger on the lock's abstract name", () => {
  const strange = (extra: Partial<LockRequest> = {}): LockRequest => ({
    engineId: "test-engine",
    workspace: randomUUID(),
    platform: "linux",
    dir: folder,
    clock: CLOCK,
    holder: { pid: process.pid, command: "devc apply", startedAt: Date.now() },
    ...extra,
  });

  const GREETINGS: { what: string; text: string | undefined }[] = [
    { what: "says nothing", text: undefined },
    { what: "sends garbage without end", text: "\u001b[2J".repeat(100_000) },
    { what: "sends a line that is no JSON", text: "hello\n" },
    { what: "sends JSON of another protocol", text: '{"pid":1,"command":"devc apply","startedAt":0}\n' },
    { what: "names an impossible process", text: '{"devc":"lock/1","pid":-1,"command":"x","startedAt":0}\n' },
    { what: "names an impossible time", text: '{"devc":"lock/1","pid":1,"command":"x","startedAt":9e15}\n' },
    { what: "names no command", text: '{"devc":"lock/1","pid":1,"startedAt":0}\n' },
    { what: "hangs up at once", text: "" },
  ];

  it.each(GREETINGS)("that $what only denies the lock, without being believed", async ({ text }) => {
    const request = strange();
    await using _squatter = await squat(request, text);
    const error = await acquireLock({ ...request, wait: 300 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "locked" });
    expect((error as DevcError).message).toContain("a process that does not say who it is");
  });

  it("cannot write to the terminal through the command it claims", async () => {
    const request = strange();
    const command = `\u001b]0;owned\u0007\u202Edevc\r\n${"x".repeat(500)}`;
    await using _squatter = await squat(
      request,
      `${JSON.stringify({ devc: "lock/1", pid: 4242, command, startedAt: 0 })}\n`,
    );
    const error = (await acquireLock(request).catch((reason: unknown) => reason)) as DevcError;
    expect(error.message).toMatch(/\(\?\]0;owned\?\?devc\?\?x+, process 4242, since 1970/);
    expect(error.message.length).toBeLessThan(300);
  });

  it("frees the lock for a waiter when it ends", async () => {
    const request = strange();
    const squatter = await squat(request, undefined);
    const waiting = acquireLock({ ...request, wait: 60_000, onWait: () => void squatter[Symbol.asyncDispose]() });
    await using _lock = await waiting;
  });
});

describe("a lock made of socket files", () => {
  const filed = (dir: string): LockRequest => ({
    engineId: "test-engine",
    workspace: "acme",
    platform: "darwin",
    dir,
    clock: CLOCK,
    holder: { pid: process.pid, command: "devc apply", startedAt: Date.now() },
  });

  it("leaves one small folder behind, whatever number of holders came and crashed", async () => {
    const dir = join(folder, "few");
    for (let round = 0; round < 5; round++) {
      const holder = contend(filed(dir));
      expect(await holder.next()).toMatchObject({ step: "held" });
      holder.child.kill("SIGKILL");
      await holder.exited;
    }
    await using _lock = await acquireLock(filed(dir));
    const [only, ...others] = await readdir(dir);
    expect(others).toEqual([]);
    expect(await readdir(join(dir, only ?? ""))).toEqual(["6"]);
  });

  it("refuses a folder whose socket paths the system would cut", async () => {
    const error = await acquireLock(filed(join(folder, "x".repeat(80)))).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "lock-failed" });
    expect((error as DevcError).hint).toContain("shorter");
  });

  it("says so when its folder cannot be made", async () => {
    const file = join(folder, "a-file");
    await writeFile(file, "");
    await expect(acquireLock(filed(file))).rejects.toMatchObject({ code: "lock-failed", message: /ENOTDIR/ });
  });
});

function contend(request: LockRequest, extra: { wait?: number; command?: string } = {}): Contender {
  const { engineId, workspace, platform, dir } = request;
  const wish = { engineId, workspace, platform, dir, wait: 0, command: "devc apply", ...extra };
  const child = spawn(process.execPath, [program, JSON.stringify(wish)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const contender: Contender = {
    child,
    next: async () => JSON.parse(String((await lines.next()).value)) as Step,
    release: () => void child.stdin.end("release\n"),
    exited: once(child, "exit"),
  };
  contenders.push(contender);
  return contender;
}

/** Where a held lock listens. */
async function socketOf(request: LockRequest): Promise<string> {
  const place = lockPlace(request);
  if ("name" in place) return place.name;
  const numbers = (await readdir(place.folder)).filter((name) => /^\d+$/.test(name)).map(Number);
  return join(place.folder, String(Math.max(...numbers)), "s");
}

/** Sits on a lock's name like any program could; `text` undefined: says nothing, empty: hangs up. */
async function squat(request: LockRequest, text: string | undefined): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    if (text === "") socket.destroy();
    else if (text !== undefined) socket.write(text);
  });
  server.listen(await socketOf(request));
  await once(server, "listening");
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
