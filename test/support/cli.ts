import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";

import type { Host } from "../../src/cli/context.ts";
import { main } from "../../src/cli/main.ts";
import { createMemoryEngine } from "../../src/drivers/engine/memory/memory-engine.ts";
import type { MemoryEngine, MemoryOptions } from "../../src/drivers/engine/memory/types.ts";
import { nodeFiles } from "../../src/drivers/files/node-files.ts";
import { fakeBuilder, fakeHooks } from "./execute-tools.ts";

/** How a command line ended. */
export type CliRun = { status: number; stdout: string; stderr: string };

/** What a run may be given besides its words. */
export type RunOptions = {
  /** All three streams are terminals; this is typed, line by line. */
  typed?: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Gets the handlers of signals, to deliver some. */
  signals?: (deliver: (signal: string) => void) => void;
};

/** A workspace in a temporary folder and a memory engine, driven in this process as from a shell. */
export type Cli = {
  root: string;
  engine: MemoryEngine;
  /** Writes `devc.yaml`; version and workspace are added. */
  manifest(body: string): void;
  write(file: string, text: string): void;
  read(file: string): string;
  devc(words: string[], options?: RunOptions): Promise<CliRun>;
  /** How often an engine was asked for. */
  connections(): number;
  /** Commands of devcontainer.json files that ran, as `phase command`. */
  ran(): string[];
  /** Commands that fail. */
  failing: Set<string>;
  [Symbol.dispose](): void;
};

/** The image that is present. */
export const IMAGE = "debian:12";

/** Makes a workspace called `acme`. */
export function createCli(options: Partial<MemoryOptions> = {}): Cli {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), "devc-cli-")));
  const home = realpathSync(mkdtempSync(path.join(tmpdir(), "devc-home-")));
  let now = Date.UTC(2026, 0, 1);
  let connections = 0;
  const images = { [IMAGE]: {}, "debian:13": { env: { NEW: "1" } } };
  // Locks are made of the engine's identity and the workspace's name: every test has an engine of its own.
  const facts = { id: root, ...options.facts };
  const engine = createMemoryEngine({ clock: { now: () => now }, images, ...options, facts });
  const clock: Host["clock"] = {
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const failing = new Set<string>();
  const hooks = fakeHooks(({ command }) => (failing.has(command) ? "fails" : "succeeds"));
  const devc: Cli["devc"] = async (words, { typed, env = {}, cwd = root, signals } = {}) => {
    const streams = createStreams(typed);
    const handlers = new Set<[string, () => void]>();
    signals?.((signal) => {
      for (const [name, handler] of handlers) if (name === signal) handler();
    });
    const status = await main(words, {
      cwd,
      env: { XDG_RUNTIME_DIR: home, ...env },
      platform: process.platform,
      home,
      pid: process.pid,
      streams,
      clock,
      fs: nodeFiles,
      randomBytes: (length) => new Uint8Array(length),
      connectEngine: async () => {
        connections += 1;
        return engine;
      },
      buildImage: fakeBuilder(),
      runHooks: hooks.runHooks,
      onSignal: (signal, handler) => {
        const entry: [string, () => void] = [signal, handler];
        handlers.add(entry);
        return () => void handlers.delete(entry);
      },
      terminate: (exitCode) => {
        throw new Error(`terminated with ${exitCode}`);
      },
    });
    return { status, stdout: drain(streams.stdout), stderr: drain(streams.stderr) };
  };
  return {
    root,
    engine,
    manifest: (body) => writeFileSync(path.join(root, "devc.yaml"), `version: 1\nworkspace: acme\n${body}`),
    write: (file, text) => writeFileSync(path.join(root, file), text),
    read: (file) => readFileSync(path.join(root, file), "utf8"),
    devc,
    connections: () => connections,
    ran: () => hooks.ran.map(({ phase, command }) => `${phase} ${command}`),
    failing,
    [Symbol.dispose]: () => {
      for (const folder of [root, home]) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function createStreams(typed: string[] | undefined) {
  // Read when the command has ended: nothing may wait for a reader before.
  const output = (): PassThrough => new PassThrough({ highWaterMark: 64 * 1024 * 1024 });
  const [stdin, stdout, stderr] = [new PassThrough(), output(), output()];
  if (typed) {
    for (const stream of [stdin, stdout, stderr]) Object.assign(stream, { isTTY: true });
    for (const stream of [stdout, stderr]) Object.assign(stream, { columns: 100, rows: 30 });
  }
  for (const line of typed ?? []) stdin.write(`${line}\n`);
  stdin.end();
  return { stdin, stdout, stderr };
}

function drain(stream: PassThrough): string {
  return (stream.read() as Buffer | null)?.toString() ?? "";
}
