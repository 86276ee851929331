import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { MemoryExec, MemoryOptions, MemoryProcess } from "../../src/drivers/engine/memory/types.ts";
import type { ContainerSpec } from "../../src/model/spec.ts";

/**
 * The few programs the contract suite runs, for an engine without processes: `cat`, `sleep`, `true` and `sh -c` with
 * `echo`, `exit`, `cat`, `head -c`, `id`, `pwd`, `test -t` and `stty size`.
 */
export const memoryShell: Required<Pick<MemoryOptions, "exec" | "process">> = {
  exec: async (io) => {
    const [program = "", ...args] = io.request.command;
    if (program === "true") return 0;
    if (program === "sleep") return untilStopped(io.signal);
    if (program === "cat") return cat(io.stdin, io.stdout);
    if (program === "sh" && args[0] === "-c") return script(io, args[1] ?? "");
    if (program === "sh") return interactive(io);
    return 127;
  },
  process: firstProcess,
};

/** What a container's own command does. */
function firstProcess({ entrypoint = [], command = [] }: ContainerSpec): MemoryProcess {
  const [program, , text = ""] = [...entrypoint, ...command];
  if (program?.startsWith("/does-not-exist")) return { failsToStart: `exec: "${program}": no such file or directory` };
  if (program !== "sh") return {};
  const lines = [...text.matchAll(/echo (\w+)/g)].map(([, word = ""]) => word);
  const exit = /exit (\d+)/.exec(text);
  return { prints: lines, ...(exit ? { exits: { code: Number(exit[1]) } } : {}) };
}

type Step = { io: MemoryExec; target: Writable; argument: string; newLine: string };

/** What a step of a script does; a number ends the script with that status. */
const STEPS: Record<string, (step: Step) => number | void | Promise<void>> = {
  exit: ({ argument }) => Number(argument),
  echo: ({ io, target, argument, newLine }) =>
    void target.write(expand(argument, { ...io.container.env, ...io.request.env }) + newLine),
  pwd: ({ io, target, newLine }) => void target.write((io.request.workdir ?? io.container.workdir ?? "/") + newLine),
  id: ({ io, target, argument, newLine }) => {
    const [user = "", group = user] = (io.request.user ?? io.container.user ?? "0").split(":");
    target.write((argument === "-u" ? user : group) + newLine);
  },
  head: ({ target, argument }) => void target.write(Buffer.alloc(Number(/-c (\d+)/.exec(argument)?.[1]))),
  cat: async ({ io }) => {
    for await (const _chunk of io.stdin) continue;
  },
  test: ({ io, target, newLine }) => (io.request.tty ? void target.write(`tty${newLine}`) : 1),
};

async function script(io: MemoryExec, text: string): Promise<number> {
  const newLine = io.request.tty ? "\r\n" : "\n";
  for (const step of text.split(/;\s*/)) {
    const target = step.includes(">&2") ? io.stderr : io.stdout;
    const [word = "", argument = ""] = step.replace(/\s*>.*/, "").split(/\s+(.*)/s);
    const status = await STEPS[word]?.({ io, target, argument, newLine });
    if (typeof status === "number") return status;
  }
  return 0;
}

function expand(text: string, env: Record<string, string>): string {
  return text.replace(/^"(.*)"$/, "$1").replaceAll(/\$(\w+)/g, (_match, name: string) => env[name] ?? "");
}

/** A shell on a terminal, which echoes what is typed. */
async function interactive(io: MemoryExec): Promise<number> {
  for await (const chunk of io.stdin) {
    const line = String(chunk).trim();
    io.stdout.write(`${line}\r\n`);
    const { columns, rows } = io.terminal();
    if (line === "stty size") io.stdout.write(`${rows} ${columns}\r\n`);
    if (line.startsWith("exit")) return Number(line.slice("exit ".length));
  }
  return 0;
}

async function cat(from: Readable, to: Writable): Promise<number> {
  await pipeline(from, to, { end: false });
  return 0;
}

function untilStopped(signal: AbortSignal): Promise<number> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(137), { once: true }));
}
