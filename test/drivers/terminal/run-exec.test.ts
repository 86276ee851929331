import { EventEmitter } from "node:events";
import { PassThrough, Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import type { Engine, ExecRequest, ExecSession } from "../../../src/drivers/engine/engine.ts";
import { runExec } from "../../../src/drivers/terminal/run-exec.ts";
import type { RunRequest } from "../../../src/drivers/terminal/run-exec.ts";
import type { TerminalWorld } from "../../../src/drivers/terminal/streams.ts";
import { DevcError } from "../../../src/model/errors.ts";

/** A command inside, played by the test. */
type Inside = {
  request: ExecRequest;
  stdin: PassThrough;
  stdout: PassThrough;
  stderr: PassThrough;
  sizes: string[];
  end(code: number): void;
  fail(error: Error): void;
};

/** An engine on which nothing but exec can be called. Execs of the signal script are answered by `onSignal`. */
function scriptedEngine(
  options: { onSignal?: (signal: string, marker: string) => number; resizeFailures?: number } = {},
) {
  const started: Inside[] = [];
  const signals: string[] = [];
  let resizeFailures = options.resizeFailures ?? 0;
  const open = (request: ExecRequest): { inside: Inside; session: ExecSession } => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const sizes: string[] = [];
    let inside!: Inside;
    const exit = new Promise<number>((resolve, reject) => {
      const close = () => {
        stdout.end();
        stderr.end();
      };
      const end = (code: number) => (close(), resolve(code));
      const fail = (error: Error) => (close(), reject(error));
      inside = { request, stdin, stdout, stderr, sizes, end, fail };
    });
    const resize = async (columns: number, rows: number) => {
      if (resizeFailures-- > 0) throw new DevcError("not-found", "no terminal yet");
      sizes.push(`${columns}x${rows}`);
    };
    return { inside, session: { stdin, stdout, stderr, resize, exit } };
  };
  const exec = async (_id: string, request: ExecRequest): Promise<ExecSession> => {
    const { inside, session } = open(request);
    const [shell, , , , marker, signal] = request.command;
    if (shell === "sh" && marker === "mark-1") {
      signals.push(signal ?? "");
      inside.end(options.onSignal?.(signal ?? "", marker) ?? 0);
    } else started.push(inside);
    return session;
  };
  const engine = new Proxy({ endpoint: "test://", exec } as Partial<Engine>, {
    get(target, name: keyof Engine) {
      if (!(name in target)) throw new Error(`unexpected call of ${name}`);
      return target[name];
    },
  }) as Engine;
  const command = async (): Promise<Inside> => {
    await expect.poll(() => started.length).toBeGreaterThan(0);
    return started[0] as Inside;
  };
  return { engine, command, signals };
}

/** A terminal or pipes around the command, played by the test. */
function playedWorld(options: { terminal?: boolean; env?: Record<string, string> } = {}) {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const rawModes: boolean[] = [];
  const notices: string[] = [];
  const signals = new EventEmitter();
  if (options.terminal) {
    Object.assign(stdin, { isTTY: true, setRawMode: (raw: boolean) => void rawModes.push(raw) });
    Object.assign(stdout, { isTTY: true, columns: 100, rows: 30 });
  }
  const world: TerminalWorld = {
    streams: { stdin, stdout, stderr },
    env: options.env ?? {},
    onSignal: (signal, handler) => {
      signals.on(signal, handler);
      return () => void signals.off(signal, handler);
    },
    clock: { sleep: async () => turn() },
    notice: (message) => void notices.push(message),
    marker: "mark-1",
  };
  return { world, stdin, stdout, stderr, rawModes, notices, signals };
}

const text = (stream: PassThrough) => String(stream.read() ?? "");
const run = (request: Partial<RunRequest> = {}): RunRequest => ({ command: ["tool"], tty: false, ...request });

describe("a command without a terminal", () => {
  it("ends with the exit status of the program and keeps its two outputs apart", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld();
    const done = runExec(engine, "c1", run(), outside.world);
    const inside = await command();
    inside.stdout.write("result\n");
    inside.stderr.write("warning\n");
    inside.end(37);
    expect(await done).toBe(37);
    expect([text(outside.stdout), text(outside.stderr)]).toEqual(["result\n", "warning\n"]);
    expect(inside.request.tty).toBe(false);
  });

  it("gets the user, folder and variables asked for, and no terminal variables", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld({ env: { TERM: "xterm-256color" } });
    const done = runExec(engine, "c1", run({ user: "dev", workdir: "/w", env: { A: "1" } }), outside.world);
    const inside = await command();
    inside.end(0);
    await done;
    expect(inside.request).toMatchObject({ user: "dev", workdir: "/w", env: { A: "1", DEVC_EXEC: "mark-1" } });
    expect(inside.request.env).not.toHaveProperty("TERM");
  });

  it("reads our input and its end", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld();
    const done = runExec(engine, "c1", run(), outside.world);
    const inside = await command();
    outside.stdin.end(Buffer.from([0, 255, 10, 13]));
    const read: Buffer[] = [];
    for await (const chunk of inside.stdin) read.push(chunk as Buffer);
    expect(Buffer.concat(read)).toEqual(Buffer.from([0, 255, 10, 13]));
    inside.end(0);
    expect(await done).toBe(0);
  });

  it("leaves the rest of our input alone when the program ends first", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld();
    const done = runExec(engine, "c1", run(), outside.world);
    (await command()).end(0);
    await done;
    expect(outside.stdin.isPaused()).toBe(true);
    outside.stdin.write("later");
    expect(text(outside.stdin)).toBe("later");
  });

  it("leaves our input alone when the command is to have none", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld();
    outside.stdin.write("ours");
    const done = runExec(engine, "c1", run({ stdin: false }), outside.world);
    const inside = await command();
    inside.end(0);
    await done;
    expect([inside.request.stdin, inside.stdin.readableLength, text(outside.stdin)]).toEqual([false, 0, "ours"]);
  });

  it("survives a program that closes its input while we write", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld();
    const done = runExec(engine, "c1", run(), outside.world);
    const inside = await command();
    inside.stdin.destroy(Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
    outside.stdin.write("x".repeat(100_000));
    inside.end(3);
    expect(await done).toBe(3);
  });

  it("stops reading the program's output while ours takes no more", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld();
    const done = runExec(engine, "c1", run(), outside.world);
    const inside = await command();
    const block = Buffer.alloc(65_536);
    let accepted = 0;
    while (inside.stdout.write(block) || accepted === 0) {
      accepted += block.length;
      await turn();
      if (accepted > 64 * block.length) throw new Error("nothing held the program back");
    }
    let read = 0;
    outside.stdout.on("data", (chunk: Buffer) => void (read += chunk.length));
    inside.end(0);
    await done;
    expect(read).toBe(accepted + block.length);
  });

  it("hands signals on to the program and ends as the program does", async () => {
    const { engine, command, signals } = scriptedEngine();
    const outside = playedWorld();
    const done = runExec(engine, "c1", run(), outside.world);
    const inside = await command();
    outside.signals.emit("SIGTERM");
    await expect.poll(() => signals).toEqual(["TERM"]);
    inside.end(143);
    expect(await done).toBe(143);
    expect(outside.signals.eventNames()).toEqual([]);
  });

  it("keeps a signal that arrives before the command runs", async () => {
    const { engine, command, signals } = scriptedEngine();
    const outside = playedWorld();
    const done = runExec(engine, "c1", run(), outside.world);
    outside.signals.emit("SIGINT");
    await expect.poll(() => signals).toEqual(["INT"]);
    (await command()).end(130);
    expect(await done).toBe(130);
  });

  it("is given up at the third interrupt, and says that the program may go on", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld();
    const done = runExec(engine, "c1", run(), outside.world);
    await command();
    for (const signal of ["SIGINT", "SIGINT", "SIGINT"]) outside.signals.emit(signal);
    await expect(done).rejects.toMatchObject({ code: "interrupted", message: /may go on inside/ });
  });

  it("is given up when signals cannot be sent into the sandbox", async () => {
    const { engine, command, signals } = scriptedEngine({ onSignal: () => 127 });
    const outside = playedWorld();
    const done = runExec(engine, "c1", run(), outside.world);
    await command();
    outside.signals.emit("SIGINT");
    await expect(done).rejects.toMatchObject({ code: "interrupted", message: /could not be sent/ });
    expect(signals.length).toBeGreaterThan(1);
  });

  it("gets SIGPIPE, then SIGTERM, when nobody reads our output any more", async () => {
    const { engine, command, signals } = scriptedEngine();
    const outside = playedWorld();
    const closed = new Writable({
      write: (_chunk, _encoding, callback) => callback(Object.assign(new Error("broken pipe"), { code: "EPIPE" })),
    });
    outside.world.streams.stdout = closed;
    const done = runExec(engine, "c1", run(), outside.world);
    (await command()).stdout.write("unread");
    expect(await done).toBe(141);
    expect(signals).toEqual(["PIPE", "TERM"]);
  });

  it("goes on when only standard error is not read any more", async () => {
    const { engine, command, signals } = scriptedEngine();
    const outside = playedWorld();
    outside.stderr.destroy();
    const done = runExec(engine, "c1", run(), outside.world);
    const inside = await command();
    inside.stderr.write("unread");
    inside.stdout.write("read");
    inside.end(0);
    expect(await done).toBe(0);
    expect([text(outside.stdout), signals]).toEqual(["read", []]);
  });

  it("fails as the engine does when the connection breaks", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld();
    const done = runExec(engine, "c1", run(), outside.world);
    (await command()).fail(new DevcError("engine-unreachable", "gone"));
    await expect(done).rejects.toMatchObject({ code: "engine-unreachable" });
  });

  it("fails as unreachable when its output breaks off", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld();
    const done = runExec(engine, "c1", run(), outside.world);
    (await command()).stdout.destroy(new Error("ECONNRESET"));
    await expect(done).rejects.toMatchObject({ code: "engine-unreachable", message: /test:/ });
  });
});

describe("a command with a terminal", () => {
  it("gets our terminal's kind and size, raw keys, and leaves the modes as they were", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld({ terminal: true, env: { TERM: "xterm-kitty", COLORTERM: "truecolor", OTHER: "x" } });
    const done = runExec(engine, "c1", run({ tty: true }), outside.world);
    const inside = await command();
    await expect.poll(() => inside.sizes).toEqual(["100x30"]);
    expect(outside.rawModes).toEqual([true]);
    inside.end(0);
    expect(await done).toBe(0);
    expect(outside.rawModes).toEqual([true, false]);
    const env = { TERM: "xterm-kitty", COLORTERM: "truecolor", DEVC_EXEC: "mark-1" };
    expect(inside.request).toMatchObject({ tty: true, stdin: true, env });
    expect(Object.keys(inside.request.env ?? {})).not.toContain("OTHER");
  });

  it("lets the caller's own TERM win", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld({ terminal: true, env: { TERM: "xterm-kitty" } });
    const done = runExec(engine, "c1", run({ tty: true, env: { TERM: "vt100" } }), outside.world);
    const inside = await command();
    inside.end(0);
    await done;
    expect(inside.request.env).toMatchObject({ TERM: "vt100" });
  });

  it("follows every change of our terminal's size", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld({ terminal: true });
    const done = runExec(engine, "c1", run({ tty: true }), outside.world);
    const inside = await command();
    await expect.poll(() => inside.sizes).toEqual(["100x30"]);
    Object.assign(outside.stdout, { columns: 132, rows: 50 });
    outside.stdout.emit("resize");
    await expect.poll(() => inside.sizes).toEqual(["100x30", "132x50"]);
    inside.end(0);
    await done;
    expect(outside.stdout.listenerCount("resize")).toBe(0);
  });

  it("says so when the size cannot be set", async () => {
    const { engine, command } = scriptedEngine({ resizeFailures: 1 });
    const outside = playedWorld({ terminal: true });
    const done = runExec(engine, "c1", run({ tty: true }), outside.world);
    const inside = await command();
    await expect.poll(() => outside.notices).toEqual([expect.stringContaining("no terminal yet")]);
    inside.end(0);
    expect(await done).toBe(0);
  });

  it("sets raw mode anew after it was stopped and continued", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld({ terminal: true });
    const done = runExec(engine, "c1", run({ tty: true }), outside.world);
    const inside = await command();
    await expect.poll(() => outside.rawModes).toEqual([true]);
    outside.signals.emit("SIGCONT");
    expect(outside.rawModes).toEqual([true, false, true]);
    inside.end(0);
    await done;
    expect(outside.rawModes).toEqual([true, false, true, false]);
  });

  it("restores the modes when the connection breaks", async () => {
    const { engine, command } = scriptedEngine();
    const outside = playedWorld({ terminal: true });
    const done = runExec(engine, "c1", run({ tty: true }), outside.world);
    (await command()).fail(new DevcError("engine-unreachable", "gone"));
    await expect(done).rejects.toMatchObject({ code: "engine-unreachable" });
    expect(outside.rawModes).toEqual([true, false]);
  });

  it("never touches the modes when the command cannot be started", async () => {
    const outside = playedWorld({ terminal: true });
    const refuse = async () => {
      throw new DevcError("sandbox-not-running", "it is stopped");
    };
    const engine = { endpoint: "test://", exec: refuse } as Partial<Engine> as Engine;
    const done = runExec(engine, "c1", run({ tty: true }), outside.world);
    await expect(done).rejects.toMatchObject({ code: "sandbox-not-running" });
    expect([outside.rawModes, outside.signals.eventNames()]).toEqual([[], []]);
  });
});
