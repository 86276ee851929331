import type { MountRow, NetworkMap } from "./list-row.ts";

/** Members of GET /containers/{id}/json that devc reads. */
export type InspectRow = {
  Id: string;
  Name: string;
  /** RFC 3339. */
  Created: string;
  /** Image ID. */
  Image: string;
  ExecIDs?: string[] | null;
  State: {
    Status: string;
    Running: boolean;
    Paused: boolean;
    /** 0 when nothing runs. */
    Pid: number;
    ExitCode: number;
    Error: string;
    StartedAt: string;
    FinishedAt: string;
    Health?: HealthRow | null;
  };
  Config: {
    Labels?: Record<string, string> | null;
    Env?: string[] | null;
    Entrypoint?: string[] | string | null;
    Cmd?: string[] | null;
    User?: string;
    WorkingDir?: string;
    Hostname?: string;
    /** A name, or a number as text. */
    StopSignal?: string | number;
    Healthcheck?: { Interval?: number } | null;
  };
  HostConfig: HostConfigRow;
  Mounts?: MountRow[] | null;
  NetworkSettings?: { Networks?: NetworkMap | null } | null;
};

/** Outcome of health checks; Podman 4 gives an empty status to containers without one. */
export type HealthRow = { Status: string; Log?: { End: string }[] | null };

/** Members of `HostConfig` that devc reads. */
export type HostConfigRow = {
  NetworkMode: string;
  Runtime?: string;
  Memory?: number;
  NanoCpus?: number;
  CpuQuota?: number;
  CpuPeriod?: number;
  PidsLimit?: number | null;
  CapAdd?: string[] | null;
  CapDrop?: string[] | null;
  SecurityOpt?: string[] | null;
  Init?: boolean | null;
  DeviceRequests?: { Capabilities?: string[][] | null }[] | null;
  ShmSize?: number;
  /** Podman's names are `RLIMIT_NOFILE`. */
  Ulimits?: { Name: string; Soft: number; Hard: number }[] | null;
  /** `name:address`. */
  ExtraHosts?: string[] | null;
  GroupAdd?: string[] | null;
  ReadonlyRootfs?: boolean;
  Tmpfs?: Record<string, string> | null;
  Mounts?: { Type: string; Source?: string; Target: string; TmpfsOptions?: { SizeBytes?: number } }[] | null;
};
