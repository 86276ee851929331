import { setTimeout as sleep } from "node:timers/promises";

import { DevcError } from "../../../src/model/errors.ts";
import { acquireLock } from "../../../src/drivers/lock/lock.ts";

/**
 * A process that contends for a lock. Argument: JSON of what it asks for. It prints one JSON line per step,
 * releases when its standard input says so, and has nothing left to do when that ends.
 */
type Wish = {
  engineId: string;
  workspace: string;
  platform: NodeJS.Platform;
  dir: string;
  wait: number;
  command: string;
};

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function main(wish: Wish): Promise<void> {
  const clock = {
    now: () => Date.now(),
    sleep: async (ms: number, signal?: AbortSignal) => sleep(ms, undefined, signal ? { signal } : {}),
  };
  const holder = { pid: process.pid, command: wish.command, startedAt: Date.now() };
  try {
    const lock = await acquireLock({ ...wish, clock, holder, onWait: (by) => say({ step: "waiting", by }) });
    say({ step: "held", pid: process.pid });
    for await (const chunk of process.stdin) if (String(chunk).includes("release")) await lock.release();
  } catch (error) {
    if (!(error instanceof DevcError)) throw error;
    say({ step: "failed", code: error.code, message: error.message, hint: error.hint });
  }
  process.stdin.destroy();
}

void main(JSON.parse(process.argv[2] ?? "") as Wish);
