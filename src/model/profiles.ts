import type { Capability } from "./capabilities.ts";
import type { ResourcesSpec } from "./spec.ts";

/** What a sandbox may reach: nothing, a list of hosts through the egress gateway, or everything by a bridge of its own. */
export type NetworkMode = "none" | "allowlist" | "open";

/** A security posture, complete. */
export type Posture = {
  network: NetworkMode;
  /** Caps; an absent one is no cap. */
  resources: ResourcesSpec;
  /** The whole set, sorted. Everything else is dropped. */
  capabilities: readonly Capability[];
  noNewPrivileges: boolean;
  /** Whether a devcontainer.json may ask for the engine's GPUs. */
  gpus: boolean;
};

/** The profile of a project that names none. */
export const DEFAULT_PROFILE = "moderate";

const GIB = 1024 ** 3;
const CPU = 1e9;

/** What Docker gives a container that asks for nothing (moby: oci/caps/defaults.go). */
const ENGINE_DEFAULT: readonly Capability[] = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "NET_RAW",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];

const NOT_MODERATE: ReadonlySet<Capability> = new Set(["NET_RAW", "MKNOD", "AUDIT_WRITE", "SETFCAP"]);

/**
 * The built-in profiles. Sets of capabilities are written out, never "the engine's default", because engines disagree about
 * theirs; seccomp and masked paths stay the engine's in every profile.
 */
export const PROFILES: Record<"strict" | "moderate" | "permissive", Posture> = {
  strict: {
    network: "none",
    resources: { nanoCpus: 2 * CPU, memory: 4 * GIB, pids: 512 },
    capabilities: [],
    noNewPrivileges: true,
    gpus: false,
  },
  moderate: {
    network: "allowlist",
    resources: { nanoCpus: 4 * CPU, memory: 8 * GIB, pids: 2048 },
    capabilities: ENGINE_DEFAULT.filter((name) => !NOT_MODERATE.has(name)),
    noNewPrivileges: false,
    gpus: true,
  },
  permissive: {
    network: "open",
    resources: {},
    capabilities: [...ENGINE_DEFAULT, "SYS_PTRACE" as const, "NET_ADMIN" as const].toSorted(),
    noNewPrivileges: false,
    gpus: true,
  },
};

/** A built-in profile by name; undefined for every other name. */
export function builtInProfile(name: string): Posture | undefined {
  return Object.hasOwn(PROFILES, name) ? PROFILES[name as keyof typeof PROFILES] : undefined;
}
