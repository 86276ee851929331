import { connect } from "node:net";

import { DevcError } from "../../model/errors.ts";
import { openConnections } from "./agent.ts";
import type { SshEnvironment } from "./agent.ts";
import type { Probe } from "./discovery.ts";
import type { Endpoint } from "./endpoint.ts";
import { connectionWords } from "./errors.ts";
import { createProfileCache } from "./profile-cache.ts";
import { createTransport } from "./transport.ts";

/** Milliseconds an engine may take to say that it is there. */
const PING_MS = 3_000;

/** Surroundings of a probe. */
export type ProbeOptions = { cacheDir: string; now: () => number; ssh: SshEnvironment };

/**
 * Asks GET /_ping, which every engine answers with `OK`. A socket that is still the one of an engine devc has talked to is
 * only connected to: that something listens there is all that can have changed.
 */
export function createProbe({ cacheDir, now, ssh }: ProbeOptions): Probe {
  return async (endpoint) => {
    if (endpoint.kind === "unix" && createProfileCache(endpoint, cacheDir, now).read()) return listens(endpoint.path);
    return ping(endpoint, ssh);
  };
}

async function ping(endpoint: Endpoint, ssh: SshEnvironment): Promise<string | undefined> {
  const transport = createTransport(endpoint, () => openConnections(endpoint, ssh));
  try {
    const response = await transport.send({
      method: "GET",
      path: "/_ping",
      what: "see whether it is there",
      timeoutMs: PING_MS,
    });
    response.resume();
    return response.statusCode === 200 ? undefined : `it answers with status ${response.statusCode}`;
  } catch (error) {
    if (!(error instanceof DevcError)) throw error;
    return error.cause === undefined ? error.message : connectionWords(error.cause);
  } finally {
    transport.close();
  }
}

function listens(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", (error) => resolve(connectionWords(error)));
  });
}
