import { Agent } from "node:http";
import type { AgentOptions } from "node:http";
import { Agent as TlsAgent } from "node:https";

import type { Endpoint, TlsMaterial } from "./endpoint.ts";

/** Connections of one endpoint: kept alive and shared by everything that talks to it. */
export type Connections = {
  agent: Agent;
  /** Options of `http.request` or `https.request` that lead to the endpoint. */
  target: { protocol: "http:" | "https:"; host?: string; port?: number; socketPath?: string };
  close(): void;
};

/** Engines serve lists and inspects side by side; more connections than this only queue inside them. */
const MAX_SOCKETS = 32;
/** Milliseconds after which an idle connection is closed: Podman started by its socket ends after five seconds of quiet. */
const IDLE_MS = 3_000;

const OPTIONS: AgentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS, timeout: IDLE_MS };

/** Prepares the connections to an endpoint; connects to nothing yet. ssh is loaded only when it is used. */
export async function openConnections(endpoint: Endpoint, environment: SshEnvironment): Promise<Connections> {
  switch (endpoint.kind) {
    case "unix":
    case "npipe":
      return closing(new Agent(OPTIONS), { protocol: "http:", socketPath: endpoint.path });
    case "tcp": {
      const { host, port, tls } = endpoint;
      if (!tls) return closing(new Agent(OPTIONS), { protocol: "http:", host, port });
      return closing(new TlsAgent({ ...OPTIONS, ...tlsOptions(tls) }), { protocol: "https:", host, port });
    }
    case "ssh": {
      const { createSshAgent } = await import("./ssh.ts");
      const { agent, end } = createSshAgent(endpoint, environment, OPTIONS);
      const connections = closing(agent, { protocol: "http:", host: "localhost" });
      return {
        ...connections,
        close: () => {
          connections.close();
          end();
        },
      };
    }
  }
}

/** What ssh takes from the person's surroundings. */
export type SshEnvironment = {
  /** Absolute home folder: `~/.ssh`. */
  home: string;
  /** Name of the user, when the address has none. */
  user: string;
  /** `$SSH_AUTH_SOCK`. */
  agentSocket?: string;
};

function closing(agent: Agent, target: Connections["target"]): Connections {
  return { agent, target, close: () => agent.destroy() };
}

function tlsOptions({ verify, ...material }: TlsMaterial): object {
  return { ...material, rejectUnauthorized: verify };
}
