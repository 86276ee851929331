import { DevcError } from "../../model/errors.ts";

/** PEM texts for TLS; `verify: false` only when the person's own docker context says so. */
export type TlsMaterial = { ca?: string; cert?: string; key?: string; verify: boolean };

/** Where an engine listens, by transport. */
export type EndpointAddress =
  | { kind: "unix"; path: string }
  | { kind: "npipe"; path: string }
  | { kind: "tcp"; host: string; port: number; tls?: TlsMaterial }
  | { kind: "ssh"; host: string; port: number; user?: string; socketPath?: string };

/** An engine's address with what a person recognises it by. */
export type Endpoint = EndpointAddress & {
  /** As written: `unix:///var/run/docker.sock`. */
  url: string;
  /** Where devc has it from: `--engine`, `DOCKER_HOST`, `rootless Docker`. */
  origin: string;
};

const ALLOWED =
  "unix:///path, tcp://host:port, http://host:port, https://host:port, ssh://user@host, npipe:////./pipe/name";
const PORTS: Record<string, number> = { tcp: 2375, http: 2375, https: 2376, ssh: 22 };
const TCP_WITH_TLS_PORT = 2376;

/**
 * Reads an engine address as people write it in `DOCKER_HOST`.
 * @param origin where the text comes from, for messages
 * @param tls material for `tcp://` and `https://`; `tcp://` without it is plain text
 * @throws DevcError `usage` for any other scheme or shape
 */
export function parseEndpoint(text: string, origin: string, tls?: TlsMaterial): Endpoint {
  const scheme = /^([a-z][a-z0-9+]*):\/\//.exec(text)?.[1];
  const rest = scheme === undefined ? "" : text.slice(scheme.length + "://".length);
  const known = { url: text, origin };
  switch (scheme) {
    case "unix":
      if (!rest.startsWith("/")) throw malformed(text, origin, "the path of a socket must be absolute");
      return { kind: "unix", path: rest, ...known };
    case "npipe":
      if (!/^\/\/[^/]+\/pipe\/./.test(rest)) throw malformed(text, origin, "a named pipe is //./pipe/name");
      return { kind: "npipe", path: rest, ...known };
    case "tcp":
    case "http":
    case "https":
      return { ...readTcp(text, scheme, origin, tls), ...known };
    case "ssh":
      return { ...readSsh(text, origin), ...known };
    default:
      throw malformed(text, origin, scheme === undefined ? "it has no scheme" : `'${scheme}' is not known`);
  }
}

function readTcp(text: string, scheme: "tcp" | "http" | "https", origin: string, tls?: TlsMaterial): EndpointAddress {
  const { hostname, port, pathname, username } = urlOf(text, origin);
  if (pathname.length > 1 || username !== "") throw malformed(text, origin, "it may hold a host and a port only");
  const secure = scheme === "https" || (scheme === "tcp" && tls !== undefined);
  const usual = secure ? TCP_WITH_TLS_PORT : (PORTS[scheme] as number);
  const address = { kind: "tcp" as const, host: bareHost(hostname), port: port === "" ? usual : Number(port) };
  return secure ? { ...address, tls: tls ?? { verify: true } } : address;
}

function readSsh(text: string, origin: string): EndpointAddress {
  const { hostname, port, pathname, username, password } = urlOf(text, origin);
  if (password !== "")
    throw malformed(text, origin, "a password does not belong into an address; use a key or an agent");
  return {
    kind: "ssh",
    host: bareHost(hostname),
    port: port === "" ? (PORTS["ssh"] as number) : Number(port),
    ...(username === "" ? {} : { user: decodeURIComponent(username) }),
    ...(pathname.length > 1 ? { socketPath: pathname } : {}),
  };
}

function urlOf(text: string, origin: string): URL {
  // Of schemes it knows, the URL standard leaves out their usual ports (80 of http), which are not the usual ones here.
  const plain = text.replace(/^[a-z]+:/, "tcp:");
  const url = URL.canParse(plain) ? new URL(plain) : undefined;
  if (!url || url.hostname === "" || url.search !== "" || url.hash !== "")
    throw malformed(text, origin, "it is no address");
  return url;
}

/** Without the brackets of an IPv6 address, as sockets want it. */
function bareHost(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

function malformed(text: string, origin: string, why: string): DevcError {
  const path = text.startsWith("/") ? `write unix://${text}` : undefined;
  return new DevcError("usage", `${origin} names an engine address that devc cannot use: '${text}': ${why}`, {
    subject: text,
    hint: path ?? `write one of ${ALLOWED}`,
  });
}
