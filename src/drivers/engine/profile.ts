import { DevcError } from "../../model/errors.ts";
import type { EngineFacts } from "./engine.ts";
import { READ_TIMEOUT_MS } from "./transport.ts";
import type { Transport } from "./transport.ts";

/** What the driver must know of an engine before it can speak to it. Plain JSON, so that it can be cached. */
export type Profile = {
  kind: "docker" | "podman";
  facts: EngineFacts;
  /** Name of the OCI runtime that containers get when none is asked for. */
  defaultRuntime: string;
  /** Podman only. */
  podman?: {
    /** Version of libpod's own API, `4.3.1`. */
    libpod: string;
    /** Capabilities of a container that asks for nothing, without `CAP_`. */
    capabilities: string[];
  };
};

/** API versions devc speaks: from Docker 19.03 to what was current when this was written. */
const OLDEST_API = "1.40";
const NEWEST_API = "1.51";

type Version = {
  ApiVersion: string;
  MinAPIVersion?: string;
  Version: string;
  Components?: { Name: string; Version: string }[];
};
type Info = {
  ID: string;
  Name: string;
  NCPU: number;
  MemTotal: number;
  OSType: string;
  Architecture: string;
  DockerRootDir: string;
  DefaultRuntime?: string;
  Runtimes?: Record<string, unknown> | null;
};
type LibpodInfo = { host: { ociRuntime: { name: string }; security: { capabilities: string } } };

/**
 * Asks an engine what it is: GET /version and /info without an API version, which every engine answers; of Podman also its
 * own info.
 * @throws DevcError `engine-rejected` when it speaks no API version that devc speaks
 */
export async function readProfile(transport: Transport): Promise<Profile> {
  const ask = <T>(path: string) =>
    transport.json<T>({ method: "GET", path, what: "ask the engine what it is", timeoutMs: READ_TIMEOUT_MS });
  const [version, info] = await Promise.all([ask<Version>("/version"), ask<Info>("/info")]);
  const apiVersion = negotiate(version, transport);
  const libpod = version.Components?.find(({ Name }) => Name === "Podman Engine")?.Version;
  const facts: EngineFacts = {
    id: info.ID,
    name: libpod === undefined ? "docker" : "podman",
    version: version.Version,
    apiVersion,
    cpus: info.NCPU,
    memory: info.MemTotal,
    os: info.OSType,
    architecture: info.Architecture,
    // The runtime that the engines' GPU support comes with; neither tells in another way.
    gpu: Object.hasOwn(info.Runtimes ?? {}, "nvidia"),
  };
  if (libpod === undefined) return { kind: "docker", facts, defaultRuntime: info.DefaultRuntime ?? "runc" };
  const { host } = await ask<LibpodInfo>(`/v${libpod}/libpod/info`);
  return {
    kind: "podman",
    // Podman invents another ID for every answer; host and storage are what make it this engine.
    facts: { ...facts, id: `${info.Name}:${info.DockerRootDir}` },
    defaultRuntime: host.ociRuntime.name,
    podman: {
      libpod,
      capabilities: host.security.capabilities.split(",").map((name) => name.replace(/^CAP_/, "")),
    },
  };
}

function negotiate({ ApiVersion, MinAPIVersion, Version }: Version, { endpoint }: Transport): string {
  const oldest = MinAPIVersion ?? ApiVersion;
  if (!atLeast(ApiVersion, OLDEST_API) || !atLeast(NEWEST_API, oldest)) {
    const message = `the engine (${Version}) speaks API ${oldest} to ${ApiVersion}, devc ${OLDEST_API} to ${NEWEST_API}`;
    throw new DevcError("engine-rejected", message, {
      subject: endpoint.url,
      hint: atLeast(ApiVersion, OLDEST_API) ? "use a newer devc" : "use Docker 20.10, Podman 4.3, or newer",
    });
  }
  return atLeast(ApiVersion, NEWEST_API) ? NEWEST_API : ApiVersion;
}

/** Whether a dotted version is at least another, number by number; missing numbers are 0. */
export function atLeast(version: string, wanted: string): boolean {
  const [a, b] = [version, wanted].map((text) => text.split(".").map((part) => Number.parseInt(part, 10) || 0));
  for (let index = 0; index < Math.max(a!.length, b!.length); index++) {
    const [left, right] = [a![index] ?? 0, b![index] ?? 0];
    if (left !== right) return left > right;
  }
  return true;
}
