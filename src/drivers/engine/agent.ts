import { Agent } from "node:http";
import type { AgentOptions } from "node:http";

import type { Endpoint, TlsMaterial } from "./endpoint.ts";

/** Connections of one endpoint: kept alive and shared by everything that talks to it. */
export type Connections = {
  agent: Agent;
  /** Options of `http.request` that lead to the endpoint; with the agent of https it speaks TLS. */
  target: { protocol: "http:" | "https:"; host?: string; port?: number; socketPath?: string; servername?: string };
  close(): void;
};

/** Engines serve lists and inspects side by side; more connections than this only queue inside them. */
const MAX_SOCKETS = 32;
/** Milliseconds after which an idle connection is closed: Podman started by its socket ends after five seconds of quiet. */
const IDLE_MS = 3_000;

const OPTIONS: AgentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS, timeout: IDLE_MS };

/** Prepares the connections to an endpoint; connects to nothing yet. TLS and ssh are loaded only when they are used. */
export async function openConnections(endpoint: Endpoint, environment: SshEnvironment): Promise<Connections> {
  switch (endpoint.kind) {
    case "unix":
    case "npipe":
      // Without a server name Node looks whether the host is an IPv6 address, by an expression that takes long to compile.
      return closing(new Agent(OPTIONS), { protocol: "http:", socketPath: endpoint.path, servername: "" });
    case "tcp": {
      const { host, port, tls } = endpoint;
      if (!tls) return closing(new Agent(OPTIONS), { protocol: "http:", host, port });
      const { Agent: TlsAgent } = await import("node:https");
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
