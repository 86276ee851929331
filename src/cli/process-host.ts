import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import { nodeFiles } from "../drivers/files/node-files.ts";
import type { Host } from "./context.ts";

/** The real world. */
export function processHost(): Host {
  surviveClosedPipes();
  const clock: Host["clock"] = {
    now: () => Date.now(),
    sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
  };
  return {
    cwd: process.cwd(),
    env: process.env,
    platform: process.platform,
    home: homedir(),
    ...(process.getuid ? { uid: process.getuid() } : {}),
    pid: process.pid,
    streams: process,
    clock,
    fs: nodeFiles,
    randomBytes: (length) => randomBytes(length),
    connectEngine: async (host, options) => {
      const { connect } = await import("./connect.ts");
      return connect(host, options);
    },
    buildImage: async (...request) => {
      const { createImageBuilder } = await import("../drivers/image/build-image.ts");
      return createImageBuilder({ fs: nodeFiles, env: process.env })(...request);
    },
    runHooks: async (...request) => {
      const { createHookRunner } = await import("../drivers/hooks/run-hooks.ts");
      return createHookRunner({ clock, randomBytes })(...request);
    },
    onSignal: (signal, handler) => {
      process.on(signal, handler);
      return () => void process.off(signal, handler);
    },
    terminate: (exitCode) => {
      // The outermost edge: the person asked for the end for the second time.
      // oxlint-disable-next-line unicorn/no-process-exit
      process.exit(exitCode);
    },
  };
}

/**
 * A reader that goes away (`devc plan | head`, EPIPE) or a terminal that is closed (EIO) is no error of ours: nothing more
 * can be said to it. `devc exec` must survive it long enough to end the program inside.
 */
function surviveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  }
}
