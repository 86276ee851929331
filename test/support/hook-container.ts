import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { connectEngine } from "../../src/drivers/engine/connect.ts";
import type { Engine } from "../../src/drivers/engine/engine.ts";
import type { HooksWorld } from "../../src/drivers/hooks/inside.ts";
import { createHookRunner } from "../../src/drivers/hooks/run-hooks.ts";
import type { HookPhase, HooksSpec, RemoteSpec } from "../../src/model/devcontainer/lifecycle.ts";
import { callEngine } from "./raw-api.ts";

/** The real clock and real randomness. */
export const realWorld: HooksWorld = {
  clock: { sleep: async (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}) },
  randomBytes: (length) => randomBytes(length),
};

/** What hooks printed: `phase`, `phase member`, and the line. */
export type Printed = [string, string][];

/** How a run of hooks is made different from the usual. */
export type HooksOptions = {
  phases?: HookPhase[];
  remote?: Partial<RemoteSpec>;
  timeoutMs?: number;
  signal?: AbortSignal;
  reveal?: (text: string) => string;
  onLine?: (line: string) => void;
};

/** A container with a user `worker` (uid 1234), to run hooks in. */
export type HookContainer = {
  engine: Engine;
  id: string;
  /** Runs all phases but postAttach; gives what was printed by the commands. */
  run(hooks: HooksSpec["phases"], options?: HooksOptions): Promise<Printed>;
  /** Output of a shell line run as root; throws when it fails. */
  sh(line: string, user?: string): Promise<string>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Lifts hooks from texts: one entry of the devcontainer.json each. */
export function hooksOf(commands: Partial<Record<HookPhase, HooksEntry>>): HooksSpec["phases"] {
  return Object.fromEntries(
    Object.entries(commands).map(([phase, command]) => [phase, [{ command, source: "devcontainer.json" }]]),
  );
}
type HooksEntry = NonNullable<HooksSpec["phases"]["onCreate"]>[number]["command"];

const IMAGE = "debian:bookworm-slim";

/** Phases a sandbox gets when it is made. */
const AT_CREATE: HookPhase[] = ["onCreate", "updateContent", "postCreate", "postStart"];

/**
 * Starts a container on a real engine.
 * @param prepare shell lines run as root before anything else, after which `image` is made of the container
 */
export async function startHookContainer(
  endpoint: string,
  { prepare = "", env = {} }: { prepare?: string; env?: Record<string, string> } = {},
): Promise<HookContainer> {
  const folder = mkdtempSync(path.join(tmpdir(), "devc-hooks-"));
  const engine = connectEngine(endpoint, { cacheDir: folder });
  const socket = endpoint.replace("unix://", "");
  const name = `devc-test-hooks-${randomBytes(4).toString("hex")}`;
  const { Id: id } = (await callEngine(socket, "POST", `/containers/create?name=${name}`, {
    Image: IMAGE,
    Entrypoint: ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 2147483647 & wait $!; done"],
    Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    HostConfig: { NetworkMode: "none" },
  })) as { Id: string };
  const remove = () => callEngine(socket, "DELETE", `/containers/${id}?force=1&v=1`);
  const sh = async (line: string, user = "0"): Promise<string> => {
    const request = { command: ["/bin/sh", "-c", line], user, workdir: "/", tty: false, stdin: false };
    const session = await engine.exec(id, request);
    let output = "";
    for (const stream of [session.stdout, session.stderr]) {
      stream.on("data", (chunk) => (output += String(chunk)));
    }
    const status = await session.exit;
    if (status !== 0) throw new Error(`${line} ended with ${status}: ${output}`);
    return output;
  };
  const container: HookContainer = {
    engine,
    id,
    sh,
    async run(phases, { remote, timeoutMs = 60_000, signal, reveal, onLine, ...options } = {}) {
      const printed: Printed = [];
      await createHookRunner(realWorld)(engine, {
        containerId: id,
        project: "web",
        hooks: {
          phases,
          remote: { workdir: "/box", env: {}, userEnvProbe: "none", user: "worker", ...remote },
          timeoutMs,
          waitFor: "updateContent",
        },
        phases: options.phases ?? AT_CREATE,
        reveal: reveal ?? ((text) => text),
        onOutput: (phase, member, line) => {
          printed.push([member === undefined ? phase : `${phase} ${member}`, line]);
          onLine?.(line);
        },
        signal: signal ?? new AbortController().signal,
      });
      return printed;
    },
    stop: () => engine.stopContainer(id, { graceSeconds: 1 }),
    async [Symbol.asyncDispose]() {
      await remove();
      engine.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await engine.startContainer(id);
    await sh("/usr/sbin/useradd -u 1234 -m -s /bin/bash worker && mkdir /box && chown worker /box");
    if (prepare !== "") await sh(prepare);
    return container;
  } catch (error) {
    await container[Symbol.asyncDispose]();
    throw error;
  }
}
