/** Docker Hub's key in `auths`, for historical reasons an address. */
const HUB_KEY = "https://index.docker.io/v1/";
const HUB = "docker.io";

type AuthEntry = { auth?: string; username?: string; password?: string; identitytoken?: string };

/** The registry a reference is pulled from: what stands before its first slash when it looks like a host, else Docker Hub. */
export function registryOf(reference: string): string {
  const first = reference.includes("/") ? (reference.split("/", 1)[0] as string) : "";
  const isHost = first.includes(".") || first.includes(":") || first === "localhost";
  return isHost && first !== "index.docker.io" ? first : HUB;
}

/**
 * Value of `X-Registry-Auth` for a reference (Docker Engine API, "Authentication"): base64url of JSON. Taken from `auths`
 * in Docker's `config.json`. Credential helpers are programs and are never run; undefined without an entry.
 * @param config text of `config.json`
 */
export function registryAuth(config: string | undefined, reference: string): string | undefined {
  const registry = registryOf(reference);
  const credentials = credentialsFor(config, registry);
  return credentials && headerOf({ ...credentials, serveraddress: registry === HUB ? HUB_KEY : registry });
}

/**
 * Value of `X-Registry-Config` (Docker Engine API, "Build an image"): every login that stands in `config.json`, for a builder
 * that finds out by itself which it needs; undefined without any.
 */
export function registryConfig(config: string | undefined): string | undefined {
  const logins = Object.entries(parse(config).auths ?? {}).flatMap(([key, entry]) => {
    const credentials = credentialsOf(entry);
    return credentials ? [[key, credentials] as const] : [];
  });
  return logins.length > 0 ? headerOf(Object.fromEntries(logins)) : undefined;
}

/** With padding, which Docker insists on and Node's `base64url` leaves out. */
function headerOf(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

/** The login for a registry's host, as a builder asks for it; undefined without an entry in `auths`. */
export function loginOf(config: string | undefined, host: string): { username: string; secret: string } | undefined {
  const registry = /(^|\.)docker\.io$/.test(host) ? HUB : host;
  const { username = "", password, identitytoken } = credentialsFor(config, registry) ?? {};
  const secret = identitytoken ?? password;
  return secret === undefined ? undefined : { username, secret };
}

/** Whether the person's login for a registry is kept where devc does not look. */
export function usesCredentialHelper(config: string | undefined, reference: string): boolean {
  const { credsStore, credHelpers = {} } = parse(config);
  const registry = registryOf(reference);
  return Boolean(credsStore) || Object.hasOwn(credHelpers, registry === HUB ? HUB_KEY : registry);
}

function credentialsFor(config: string | undefined, registry: string): Credentials | undefined {
  const { auths = {} } = parse(config);
  const keys =
    registry === HUB
      ? [HUB_KEY, HUB]
      : [registry, `https://${registry}`, `https://${registry}/v1/`, `https://${registry}/v2/`];
  const key = keys.find((candidate) => Object.hasOwn(auths, candidate));
  const entry = key === undefined ? undefined : auths[key];
  return entry && credentialsOf(entry);
}

type Credentials = { username?: string; password?: string; identitytoken?: string };

function credentialsOf({ auth, username, password, identitytoken }: AuthEntry): Credentials | undefined {
  if (identitytoken) return { identitytoken };
  if (username !== undefined && password !== undefined) return { username, password };
  const text = Buffer.from(auth ?? "", "base64").toString();
  const at = text.indexOf(":");
  return at < 0 ? undefined : { username: text.slice(0, at), password: text.slice(at + 1).replace(/\0+$/, "") };
}

type DockerConfig = { auths?: Record<string, AuthEntry>; credsStore?: string; credHelpers?: Record<string, string> };

function parse(config: string | undefined): DockerConfig {
  return config === undefined ? {} : ((JSON.parse(config) as DockerConfig | null) ?? {});
}
