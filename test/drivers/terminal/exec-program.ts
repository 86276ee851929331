import { setTimeout as sleep } from "node:timers/promises";

import { connectEngine } from "../../../src/drivers/engine/connect.ts";
import { runExec } from "../../../src/drivers/terminal/run-exec.ts";
import type { RunRequest } from "../../../src/drivers/terminal/run-exec.ts";
import type { TerminalWorld } from "../../../src/drivers/terminal/streams.ts";

/**
 * A program that does nothing but `runExec` with its own standard streams. Argument: JSON. `crashAfterMs`: throws an
 * error nobody catches while the command runs.
 */
type Wish = { endpoint: string; cacheDir: string; id: string; request: RunRequest; crashOn?: string };

async function main({ endpoint, cacheDir, id, request, crashOn }: Wish): Promise<void> {
  const world: TerminalWorld = {
    streams: process,
    env: process.env,
    onSignal: (signal, handler) => {
      process.on(signal, handler);
      return () => void process.off(signal, handler);
    },
    clock: { sleep: async (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}) },
    notice: (message) => process.stderr.write(`notice: ${message}\n`),
    marker: `test${process.pid}`,
  };
  if (crashOn) {
    process.stdin.on("data", (chunk) => {
      if (String(chunk).includes(crashOn)) throw new Error("crashed on purpose");
    });
  }
  const engine = connectEngine(endpoint, { cacheDir });
  try {
    process.exitCode = await runExec(engine, id, request, world);
  } catch (error) {
    process.stderr.write(`failed: ${(error as { code?: string }).code} ${(error as Error).message}\n`);
    process.exitCode = 99;
  } finally {
    engine.close();
  }
}

void main(JSON.parse(process.argv[2] ?? "") as Wish);
