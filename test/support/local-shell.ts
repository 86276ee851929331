import { spawn } from "node:child_process";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";

import type { MemoryExec } from "../../src/drivers/engine/memory/types.ts";

/**
 * Runs a command of the memory engine on this machine, with the container's environment and nothing of ours: for scripts that
 * only read /proc and the user database, and write below the HOME the test gives the container. Users are not changed.
 */
export async function localShell(io: MemoryExec): Promise<number> {
  const [program = "", ...args] = io.request.command;
  const child = spawn(program, args, {
    cwd: io.request.workdir ?? "/",
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", ...io.container.env, ...io.request.env },
    stdio: ["ignore", "pipe", "pipe"],
    // As in an engine, where every exec is a session of its own.
    detached: true,
  });
  const ended = once(child, "close") as Promise<[number | null, string | null]>;
  io.signal.addEventListener("abort", () => child.kill("SIGKILL"));
  await Promise.all([
    pipeline(child.stdout, io.stdout, { end: false }),
    pipeline(child.stderr, io.stderr, { end: false }),
  ]);
  const [code] = await ended;
  return code ?? 137;
}
