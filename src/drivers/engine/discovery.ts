import { DevcError } from "../../model/errors.ts";
import { contextEndpoint, dockerConfigFolder, pathsOf, readTls } from "./docker-context.ts";
import { parseEndpoint } from "./endpoint.ts";
import type { Endpoint, TlsMaterial } from "./endpoint.ts";
import { placesOf } from "./places.ts";
import type { DiscoveryWorld } from "./world.ts";

/** Asks an engine whether it is there: undefined when it answers, otherwise why not, for people. */
export type Probe = (endpoint: Endpoint) => Promise<string | undefined>;

/**
 * Finds the engine to use: `--engine`, `DEVC_ENGINE`, `DOCKER_HOST`, the current docker context, then the known places.
 * What a person named is taken as it is, without a probe: when it does not answer, the first call says so, and no other
 * engine is used in its place. Of the known places the first that answers wins.
 * @throws DevcError `usage` for an address that cannot be read; `engine-not-found` with every place tried in `details`
 */
export async function findEndpoint(world: DiscoveryWorld, probe: Probe): Promise<Endpoint> {
  return namedEndpoint(world) ?? contextEndpoint(world) ?? (await searchPlaces(world, probe));
}

function namedEndpoint(world: DiscoveryWorld): Endpoint | undefined {
  const { explicit, env } = world;
  if (explicit !== undefined) return parseEndpoint(explicit, "--engine", environmentTls(world));
  for (const variable of ["DEVC_ENGINE", "DOCKER_HOST"]) {
    const value = env[variable];
    if (value) return parseEndpoint(value, variable, environmentTls(world));
  }
  return undefined;
}

/**
 * TLS as Docker's client takes it from the environment: `DOCKER_TLS_VERIFY` or `DOCKER_TLS` switches it on, the
 * certificates are in `DOCKER_CERT_PATH` or the configuration folder. The server is always verified.
 */
function environmentTls(world: DiscoveryWorld): TlsMaterial | undefined {
  const { env, files, platform } = world;
  if (!env["DOCKER_TLS_VERIFY"] && !env["DOCKER_TLS"]) return undefined;
  const folder = env["DOCKER_CERT_PATH"] || dockerConfigFolder(world);
  return readTls(files, folder, pathsOf(platform).join, true) ?? { verify: true };
}

async function searchPlaces(world: DiscoveryWorld, probe: Probe): Promise<Endpoint> {
  const tried: string[] = [];
  for (const { name, url } of placesOf(world)) {
    const endpoint = parseEndpoint(url, name);
    const why = absence(world, endpoint) ?? (await probe(endpoint));
    if (why === undefined) return endpoint;
    tried.push(`${name} (${url}): ${why}`);
  }
  throw new DevcError("engine-not-found", "no container engine was found", {
    details: [
      "--engine: not given",
      "DEVC_ENGINE: not set",
      "DOCKER_HOST: not set",
      "docker context: none selected",
      ...tried,
    ],
    hint: "start Docker or Podman, or name one: devc --engine unix:///path/to.sock, or export DOCKER_HOST",
  });
}

/** Why a socket cannot be there, without connecting; a named pipe only shows itself when it is opened. */
function absence({ files }: DiscoveryWorld, endpoint: Endpoint): string | undefined {
  if (endpoint.kind !== "unix") return undefined;
  try {
    return files.exists(endpoint.path) ? undefined : "no such socket";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? "permission denied" : (error as Error).message;
  }
}
