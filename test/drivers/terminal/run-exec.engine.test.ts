import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";

import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { LOGIN_SHELL_COMMAND } from "../../../src/drivers/terminal/login-shell.ts";
import type { RunRequest } from "../../../src/drivers/terminal/run-exec.ts";
import { testEngines } from "../../support/engines.ts";
import { openPty } from "../../support/pty.ts";
import { callEngine } from "../../support/raw-api.ts";

const IMAGE = "debian:bookworm-slim";
const COOKED = { echo: true, lines: true, signals: true };
const RAW = { echo: false, lines: false, signals: false };
const PATIENCE = { timeout: 20_000, interval: 50 };

let folder: string;
let program: string;
const children: ChildProcessWithoutNullStreams[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "devc-terminal-"));
  program = join(folder, "exec-program.cjs");
  const entry = join(import.meta.dirname, "exec-program.ts");
  await build({
    entryPoints: [entry],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["cpu-features", "*.node"],
    logLevel: "error",
  });
});

afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
});

afterAll(() => rm(folder, { recursive: true }));

describe.each(testEngines)("in a container of $name", ({ endpoint }) => {
  const socket = endpoint.replace("unix://", "");
  let id: string;

  beforeAll(async () => {
    const body = { Image: IMAGE, Cmd: ["sleep", "2147483647"], Env: ["INSIDE=1"], HostConfig: { NetworkMode: "none" } };
    const name = `devc-test-terminal-${randomBytes(4).toString("hex")}`;
    ({ Id: id } = (await callEngine(socket, "POST", `/containers/create?name=${name}`, body)) as { Id: string });
    await callEngine(socket, "POST", `/containers/${id}/start`);
  });

  afterAll(async () => {
    if (id) await callEngine(socket, "DELETE", `/containers/${id}?force=1&v=1`);
  });

  const words = (command: string[], request: Partial<RunRequest> = {}, crashOn?: string) => [
    process.execPath,
    program,
    JSON.stringify({ endpoint, cacheDir: folder, id, request: { command, tty: false, ...request }, crashOn }),
  ];
  const terminal = (command: string[], request: Partial<RunRequest> = {}, crashOn?: string) =>
    openPty(words(command, { tty: true, ...request }, crashOn), {
      env: { ...process.env, TERM: "xterm-256color", COLORTERM: "truecolor" },
    });
  const pipes = (command: string[], request: Partial<RunRequest> = {}): ChildProcessWithoutNullStreams => {
    const [file = "", ...args] = words(command, request);
    const child = spawn(file, args, { stdio: "pipe" });
    children.push(child);
    return child;
  };
  const outcome = async (child: ChildProcessWithoutNullStreams) => {
    const [stdout, stderr, [code, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close"),
    ]);
    return { stdout, stderr, exit: code ?? signal };
  };
  /** Whether a process with a word in its command line runs in the container. */
  const runs = async (word: string): Promise<boolean> => {
    const body = { AttachStdout: true, Env: [`WORD=${word}`], Cmd: ["sh", "-c", FIND_WORD] };
    const { Id } = (await callEngine(socket, "POST", `/containers/${id}/exec`, body)) as { Id: string };
    const output = String(await callEngine(socket, "POST", `/exec/${Id}/start`, { Detach: false, Tty: false }));
    if (!output.includes("looked")) throw new Error(`the look into the container failed: ${output}`);
    return output.includes("found");
  };
  const uniqueWord = () => `word${randomBytes(6).toString("hex")}`;

  describe("a command without a terminal", () => {
    it("ends with the program's exit code, its two outputs apart", async () => {
      const child = pipes(["sh", "-c", "echo out; echo err >&2; test -t 0 || test -t 1 || exit 37"]);
      expect(await outcome(child)).toEqual({ stdout: "out\n", stderr: "err\n", exit: 37 });
    });

    it("ends with 128 + n when signal n ended the program", async () => {
      expect((await outcome(pipes(["sh", "-c", "kill -9 $$"]))).exit).toBe(137);
    });

    it("ends with 126 or 127 and the engine's words when the command cannot be run", async () => {
      const { stdout, stderr, exit } = await outcome(pipes(["does-not-exist"]));
      expect([126, 127]).toContain(exit);
      expect(stdout + stderr).toContain("does-not-exist");
    });

    it("passes 50 MB of bytes through both ways unchanged", async () => {
      const data = randomBytes(50_000_000);
      const child = pipes(["cat"]);
      child.stdin.end(data);
      const received = await buffer(child.stdout);
      expect(sha256(received)).toBe(sha256(data));
    });

    it("ends the program's input when ours ends, and still delivers what it says after that", async () => {
      const child = pipes(["sh", "-c", "wc -c; echo after"]);
      child.stdin.end("12345");
      expect(await outcome(child)).toMatchObject({ stdout: "5\nafter\n", exit: 0 });
    });

    it("ends by itself although our input stays open", async () => {
      expect((await outcome(pipes(["true"]))).exit).toBe(0);
    });

    it("holds the program back while nobody reads, without losing anything", async () => {
      const child = pipes(["sh", "-c", "head -c 20000000 /dev/zero; echo done >&2"]);
      await once(child.stdout, "readable");
      const { stdout, stderr, exit } = await outcome(child);
      expect([stdout.length, stderr, exit]).toEqual([20_000_000, "done\n", 0]);
    });

    it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("hands %s on to the program and its children", async (signal) => {
      const word = uniqueWord();
      const child = pipes(["sh", "-c", `echo ready; sleep 2147483646 & wait; echo not reached`, word]);
      await once(child.stdout, "data");
      expect(await runs(word)).toBe(true);
      child.kill(signal);
      const { exit } = await outcome(child);
      expect(exit).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
      await expect.poll(() => runs(word), PATIENCE).toBe(false);
    });

    it("lets the program answer a signal as it likes", async () => {
      const child = pipes(["sh", "-c", "trap 'echo cleaned; exit 5' TERM; echo ready; while :; do sleep 0.05; done"]);
      await once(child.stdout, "readable");
      child.kill("SIGTERM");
      const { stdout, exit } = await outcome(child);
      expect([stdout, exit]).toEqual(["ready\ncleaned\n", 5]);
    });

    it("is left at the third signal when the program ignores them", async () => {
      const child = pipes(["sh", "-c", "trap '' INT TERM HUP; echo ready; while :; do sleep 0.05; done"]);
      await once(child.stdout, "readable");
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) child.kill(signal);
      const { stderr, exit } = await outcome(child);
      expect(stderr).toMatch(/failed: interrupted left after SIG.*may go on inside/);
      expect(exit).toBe(99);
    });

    it("ends the program when nobody reads our output any more", async () => {
      const word = uniqueWord();
      const child = pipes(["sh", "-c", "while :; do echo more; done", word]);
      await once(child.stdout, "data");
      expect(await runs(word)).toBe(true);
      child.stdout.destroy();
      const [code] = await once(child, "exit");
      expect(code).toBe(141);
      await expect.poll(() => runs(word), PATIENCE).toBe(false);
    });
  });

  describe("a command with a terminal", () => {
    it("sees the kind and size of our terminal, and every change of the size", async () => {
      await using pty = await terminal(["sh", "-c", SHOW_SIZES]);
      await pty.until(/size 24 80 xterm-256color truecolor/);
      pty.resize(132, 50);
      await pty.until(/size 50 132/);
      pty.resize(60, 20);
      await pty.until(/size 20 60/);
    });

    it("is interrupted inside by Ctrl-C, and our terminal has its modes back", async () => {
      await using pty = await terminal([
        "sh",
        "-c",
        "trap 'echo interrupted; exit 42' INT; echo ready; while :; do sleep 0.05; done",
      ]);
      await pty.until(/ready/);
      expect(await pty.modes()).toEqual(RAW);
      pty.type("\u0003");
      await pty.until(/interrupted/);
      expect(await pty.ended).toEqual({ exit: 42, modes: COOKED });
    });

    it("gets every key as it is, and at once", async () => {
      await using pty = await terminal([
        "sh",
        "-c",
        "stty raw -echo; echo ready; head -c 1 | od -An -tx1; head -c 5 | od -An -tx1",
      ]);
      await pty.until(/ready/);
      // Ctrl-P alone, then Ctrl-P Ctrl-Q, which engines take for themselves by default, Ctrl-D, Ctrl-Z, Ctrl-\.
      pty.type("\u0010");
      await pty.until(/ 10/);
      pty.type("\u0010\u0011\u0004\u001a\u001c");
      await pty.until(/10 11 04 1a 1c/);
      expect((await pty.ended).exit).toBe(0);
    });

    it("gives the modes back when the process is asked to end, and ends the program", async () => {
      const word = uniqueWord();
      await using pty = await terminal(["sh", "-c", "echo ready; sleep 2147483646; true", word]);
      await pty.until(/ready/);
      expect(await runs(word)).toBe(true);
      process.kill(pty.pid, "SIGTERM");
      expect(await pty.ended).toEqual({ exit: 143, modes: COOKED });
      await expect.poll(() => runs(word), PATIENCE).toBe(false);
    });

    it("gives the modes back when the process crashes", async () => {
      await using pty = await terminal(["sh", "-c", "echo ready; cat"], {}, "boom");
      await pty.until(/ready/);
      expect(await pty.modes()).toEqual(RAW);
      pty.type("boom");
      await pty.until(/crashed on purpose/);
      expect(await pty.ended).toMatchObject({ exit: 1, modes: COOKED });
    });

    it("gives the modes back when the container is stopped under it", async () => {
      await using pty = await terminal(["sh", "-c", "echo ready; cat"]);
      await pty.until(/ready/);
      expect(await pty.modes()).toEqual(RAW);
      await callEngine(socket, "POST", `/containers/${id}/restart?t=0`);
      expect((await pty.ended).modes).toEqual(COOKED);
    });

    it("ends the program when our terminal is closed", async () => {
      const word = uniqueWord();
      {
        await using pty = await terminal(["sh", "-c", "echo ready; sleep 2147483646; true", word]);
        await pty.until(/ready/);
        expect(await runs(word)).toBe(true);
      }
      await expect.poll(() => runs(word), PATIENCE).toBe(false);
    });

    it("is a login shell of the user when asked to attach", async () => {
      await using pty = await terminal(LOGIN_SHELL_COMMAND, { workdir: "/var/tmp", user: "nobody" });
      pty.type("shopt login_shell; echo $(pwd) $(id -u) $SHELL $INSIDE; test -t 0 && exit 9\r");
      await pty.until(/login_shell\s+on/);
      await pty.until(/\/var\/tmp 65534 \/bin\/bash 1/);
      expect(await pty.ended).toEqual({ exit: 9, modes: COOKED });
    });
  });
});

/** Looks for the processes whose arguments hold $WORD; `read` drops the zero bytes between them. */
const FIND_WORD = `
for file in /proc/[0-9]*/cmdline; do
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *"$WORD"*) echo found ;; esac
  done 2>/dev/null <"$file"
done
echo looked
`;

/** Prints the terminal's size when it has one, and again at each change. */
const SHOW_SIZES = `
show() { echo "size $(stty size) $TERM $COLORTERM"; }
while [ "$(stty size)" = "0 0" ] || [ -z "$(stty size)" ]; do sleep 0.05; done
trap show WINCH
show
while :; do sleep 0.05; done
`;

function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
