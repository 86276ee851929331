/**
 * Specs: the normal form of desired resources. Plain JSON; sets are maps keyed by identity so that one removed member is
 * one patch operation; nothing empty and nothing undefined is ever present (`{}` and absent would be two spellings of one thing).
 */

/** A mount of a container, keyed in the spec by its target path. */
export type MountSpec =
  | { type: "bind"; source: string; readOnly?: true }
  | { type: "volume"; source: string; readOnly?: true }
  | { type: "tmpfs"; size?: number };

/** Limits. The engine can change these while the container runs. Absent means no cap. */
export type ResourcesSpec = {
  /** Bytes. Swap is always set to the same value, so memory is the whole budget. */
  memory?: number;
  /** Billionths of a CPU. */
  nanoCpus?: number;
  /** Processes and threads. */
  pids?: number;
};

/** `none`: loopback only. `bridge`: attached to exactly these networks, keyed by network name. */
export type NetworkAttachment = { mode: "none" } | { mode: "bridge"; networks: Record<string, { aliases?: string[] }> };

/** One container, complete: what is not here is the image's or the engine's default. */
export type ContainerSpec = {
  /** The reference as written. Not part of the core hash: images are compared by ID, so a moved tag is seen. */
  image: string;
  entrypoint?: string[];
  command?: string[];
  env?: Record<string, string>;
  user?: string;
  workdir?: string;
  hostname?: string;
  /** Keyed by absolute target path. */
  mounts?: Record<string, MountSpec>;
  network: NetworkAttachment;
  capabilities?: { drop?: Record<string, true>; add?: Record<string, true> };
  noNewPrivileges?: true;
  /** OCI runtime name, passed through to the engine. */
  runtime?: string;
  /** The engine's small init as process 1. */
  init?: true;
  /** All GPUs of the engine. */
  gpus?: "all";
  /** Bytes of /dev/shm. */
  shmSize?: number;
  /** Keyed by name, without RLIMIT_ and in lower case: `nofile`. */
  ulimits?: Record<string, { soft: number; hard: number }>;
  /** Address by host name, for /etc/hosts. */
  extraHosts?: Record<string, string>;
  /** Supplementary groups of the first process, by name or ID. */
  groups?: Record<string, true>;
  /** Labels the person asked for; never those of devc or of the devcontainer specification. */
  labels?: Record<string, string>;
  stopSignal?: string;
  /** The root file system cannot be written. */
  readOnlyRoot?: true;
  resources?: ResourcesSpec;
};

/** A named volume. */
export type VolumeSpec = { driver: "local" };

/** A network of one project: an ordinary bridge with a route out (mode `open`). */
export type NetworkSpec = { driver: "bridge" };
