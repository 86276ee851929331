import { createHash } from "node:crypto";
import { posix, win32 } from "node:path";

import { DevcError } from "../../model/errors.ts";
import { parseEndpoint } from "./endpoint.ts";
import type { Endpoint, TlsMaterial } from "./endpoint.ts";
import type { DiscoveryWorld } from "./world.ts";

/** The context that stands for "no context": the platform's usual socket. */
const DEFAULT_CONTEXT = "default";

/** Folder of Docker's client settings: `$DOCKER_CONFIG` or `~/.docker`. */
export function dockerConfigFolder({ env, home, platform }: Pick<DiscoveryWorld, "env" | "home" | "platform">): string {
  return env["DOCKER_CONFIG"] || pathsOf(platform).join(home, ".docker");
}

/** Path rules of a platform. */
export function pathsOf(platform: NodeJS.Platform): typeof posix {
  return platform === "win32" ? win32 : posix;
}

/**
 * The engine of the current docker context; undefined when that is `default`.
 * Layout: `config.json` names it, `contexts/meta/<sha256 of the name>/meta.json` has its host and
 * `contexts/tls/<same>/docker/{ca,cert,key}.pem` its certificates (docker/cli cli/context/store).
 * @throws DevcError `engine-not-found` when the context is named and cannot be read
 */
export function contextEndpoint(world: DiscoveryWorld): Endpoint | undefined {
  const { env, files, platform } = world;
  const { join } = pathsOf(platform);
  const folder = dockerConfigFolder(world);
  const config = readJson(world, join(folder, "config.json"));
  const named = env["DOCKER_CONTEXT"] || stringOf(config, "currentContext");
  if (named === undefined || named === "" || named === DEFAULT_CONTEXT) return undefined;
  const origin = `docker context ${named}`;
  const key = createHash("sha256").update(named).digest("hex");
  const metaPath = join(folder, "contexts", "meta", key, "meta.json");
  const meta = readJson(world, metaPath);
  const docker = objectOf(objectOf(meta, "Endpoints"), "docker");
  const host = stringOf(docker, "Host");
  if (host === undefined || host === "") {
    throw new DevcError("engine-not-found", `${origin} is selected and has no engine address`, {
      subject: metaPath,
      hint: "select another with: docker context use NAME, or name an engine with --engine",
    });
  }
  const verify = docker?.["SkipTLSVerify"] !== true;
  return parseEndpoint(host, origin, readTls(files, join(folder, "contexts", "tls", key, "docker"), join, verify));
}

/**
 * Certificates as Docker's client keeps them in a folder: `ca.pem`, `cert.pem`, `key.pem`, each optional.
 * Undefined when none is there.
 */
export function readTls(
  files: DiscoveryWorld["files"],
  folder: string,
  join: (...parts: string[]) => string,
  verify: boolean,
): TlsMaterial | undefined {
  const [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map((name) => files.read(join(folder, name)));
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  return { verify, ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
}

type Members = Record<string, unknown>;

function readJson({ files }: DiscoveryWorld, path: string): Members | undefined {
  const text = files.read(path);
  if (text === undefined) return undefined;
  try {
    return asMembers(JSON.parse(text));
  } catch (cause) {
    throw new DevcError("engine-not-found", `${path} is not JSON`, { subject: path, hint: "mend or remove it", cause });
  }
}

function asMembers(value: unknown): Members | undefined {
  return value !== null && typeof value === "object" ? (value as Members) : undefined;
}

function objectOf(value: Members | undefined, key: string): Members | undefined {
  return asMembers(value?.[key]);
}

function stringOf(value: Members | undefined, key: string): string | undefined {
  const member = value?.[key];
  return typeof member === "string" ? member : undefined;
}
