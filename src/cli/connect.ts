import { connectEngine } from "../drivers/engine/connect.ts";
import { findEndpoint } from "../drivers/engine/discovery.ts";
import type { Endpoint } from "../drivers/engine/endpoint.ts";
import type { Engine } from "../drivers/engine/engine.ts";
import { nodeDiscoveryFiles } from "../drivers/engine/node-discovery.ts";
import { DevcError } from "../model/errors.ts";
import type { Host } from "./context.ts";

/**
 * Finds the engine and connects it.
 * @throws DevcError `engine-not-found` with every place that was tried, `usage` for an address that cannot be read
 */
export async function connect(
  host: Host,
  { explicit, cacheDir }: { explicit: string | undefined; cacheDir: string },
): Promise<Engine> {
  const { env, platform, home, clock } = host;
  const open = (endpoint: Endpoint): Engine => connectEngine(endpoint, { cacheDir, clock, env, home });
  const endpoint = await findEndpoint(
    {
      env,
      platform,
      home,
      files: nodeDiscoveryFiles,
      ...(explicit === undefined ? {} : { explicit }),
      ...(host.uid === undefined ? {} : { uid: host.uid }),
    },
    (candidate) => whyNot(open(candidate)),
  );
  return open(endpoint);
}

/** Why a candidate is not an engine to use; undefined when it is. */
async function whyNot(engine: Engine): Promise<string | undefined> {
  try {
    await engine.facts();
    return undefined;
  } catch (error) {
    if (error instanceof DevcError) return error.message;
    throw error;
  } finally {
    engine.close();
  }
}
