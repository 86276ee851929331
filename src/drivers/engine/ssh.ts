import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import type { AgentOptions, ClientRequestArgs } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";

import ssh2 from "ssh2";
import type { AnyAuthMethod, Client, ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";

import { DevcError } from "../../model/errors.ts";
import type { SshEnvironment } from "./agent.ts";
import type { Endpoint } from "./endpoint.ts";
import { judgeHostKey, knownKeyTypes } from "./known-hosts.ts";

type SshEndpoint = Extract<Endpoint, { kind: "ssh" }>;

const REMOTE_SOCKET = "/var/run/docker.sock";
const KEY_FILES = ["id_ed25519", "id_ecdsa", "id_rsa"];
const READY_MS = 20_000;
const KEEPALIVE_MS = 15_000;

/**
 * An agent whose connections run through one ssh connection to a socket on the remote machine
 * (`direct-streamlocal@openssh.com`, OpenSSH PROTOCOL §2.4), so the remote machine needs no client program.
 *
 * The host's key must be in `~/.ssh/known_hosts` or `/etc/ssh/ssh_known_hosts`. Keys come from `$SSH_AUTH_SOCK` and from
 * unencrypted `~/.ssh/id_{ed25519,ecdsa,rsa}`. `~/.ssh/config`, jump hosts and host certificates are not read.
 */
export function createSshAgent(endpoint: SshEndpoint, environment: SshEnvironment, options: AgentOptions) {
  const agent = new Agent(options);
  let client: Promise<Client> | undefined;
  const open = (): Promise<Client> => {
    const opening = (client ??= connect(endpoint, environment));
    opening.then(
      (opened) => opened.once("close", () => (client = undefined)),
      () => (client = undefined),
    );
    return opening;
  };
  // Node documents `agent.createConnection(options, callback)`; its types know only the synchronous form.
  const createConnection = (_options: ClientRequestArgs, done: (error: Error | null, stream?: Duplex) => void) => {
    void open()
      .then((opened) => forward(opened, endpoint.socketPath ?? REMOTE_SOCKET))
      .then(
        (stream) => done(null, stream),
        (error: Error) => done(error),
      );
  };
  Object.assign(agent, { createConnection });
  const end = () =>
    void client?.then(
      (opened) => opened.end(),
      () => {},
    );
  return { agent, end };
}

function connect(endpoint: SshEndpoint, environment: SshEnvironment): Promise<Client> {
  const { host, port } = endpoint;
  const texts = [join(environment.home, ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"].flatMap(readIfThere);
  let refused: DevcError | undefined;
  const config: ConnectConfig = {
    host,
    port,
    username: endpoint.user ?? environment.user,
    readyTimeout: READY_MS,
    keepaliveInterval: KEEPALIVE_MS,
    algorithms: { serverHostKey: { prepend: algorithmsOf(knownKeyTypes(texts, host, port)), append: [], remove: [] } },
    authHandler: authMethods(endpoint.user ?? environment.user, environment),
    hostVerifier: (key: Buffer) => {
      const verdict = judgeHostKey(texts, host, port, key);
      if (verdict !== "known") refused = distrusted(endpoint, verdict);
      return verdict === "known";
    },
  };
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.once("ready", () => resolve(client));
    client.on("error", (error) => reject(refused ?? error));
    client.connect(config);
  });
}

function distrusted({ host, port, url }: SshEndpoint, verdict: "unknown" | "changed" | "revoked"): DevcError {
  const words = {
    unknown: "its key is not known here",
    changed: "its key is not the one on file: somebody may be in between",
    revoked: "its key is revoked",
  };
  const where = port === 22 ? host : `-p ${port} ${host}`;
  return new DevcError("engine-unreachable", `devc does not trust the ssh host ${host}: ${words[verdict]}`, {
    subject: url,
    hint:
      verdict === "unknown" ? `connect once with: ssh ${where}` : "see ~/.ssh/known_hosts, and ask who runs the host",
  });
}

function authMethods(username: string, { home, agentSocket }: SshEnvironment): AnyAuthMethod[] {
  const keys = KEY_FILES.flatMap((name) => readIfThere(join(home, ".ssh", name))).filter(
    (text) => !(ssh2.utils.parseKey(text) instanceof Error),
  );
  return [
    { type: "none", username },
    ...(agentSocket === undefined ? [] : [{ type: "agent" as const, username, agent: agentSocket }]),
    ...keys.map((key) => ({ type: "publickey" as const, username, key })),
  ];
}

/** Signature algorithms for the key types on file; one RSA key serves three. */
function algorithmsOf(types: string[]): ServerHostKeyAlgorithm[] {
  const all = types.flatMap((type) => (type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type]));
  return all as ServerHostKeyAlgorithm[];
}

/** A channel to the remote socket, dressed as the socket that Node's HTTP client expects. */
function forward(client: Client, socketPath: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.openssh_forwardOutStreamLocal(socketPath, (error, channel) => {
      if (error) {
        reject(new Error(`the ssh host does not connect to ${socketPath}: ${error.message}`));
        return;
      }
      const nothing = () => channel;
      resolve(
        Object.assign(channel, {
          setTimeout: nothing,
          setKeepAlive: nothing,
          setNoDelay: nothing,
          ref: nothing,
          unref: nothing,
          destroySoon: () => channel.end(),
        }),
      );
    });
  });
}

function readIfThere(path: string): string[] {
  try {
    return [readFileSync(path, "utf8")];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EACCES") return [];
    throw error;
  }
}
