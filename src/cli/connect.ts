import { userInfo } from "node:os";

import { connectEngine } from "../drivers/engine/connect.ts";
import { findEndpoint } from "../drivers/engine/discovery.ts";
import type { Engine } from "../drivers/engine/engine.ts";
import { nodeDiscoveryFiles } from "../drivers/engine/node-discovery.ts";
import { createProbe } from "../drivers/engine/probe.ts";
import type { Host } from "./context.ts";

/**
 * Finds the engine and connects it.
 * @throws DevcError `engine-not-found` with every place that was tried, `usage` for an address that cannot be read
 */
export async function connect(
  host: Host,
  { explicit, cacheDir }: { explicit: string | undefined; cacheDir: string },
): Promise<Engine> {
  const { env, platform, home, clock, uid } = host;
  const world = {
    env,
    platform,
    home,
    files: nodeDiscoveryFiles,
    ...(explicit === undefined ? {} : { explicit }),
    ...(uid === undefined ? {} : { uid }),
  };
  const agentSocket = env["SSH_AUTH_SOCK"];
  const ssh = { home, user: env["USER"] ?? userInfo().username, ...(agentSocket ? { agentSocket } : {}) };
  const endpoint = await findEndpoint(world, createProbe({ cacheDir, now: () => clock.now(), ssh }));
  return connectEngine(endpoint, { cacheDir, clock, env, home });
}
