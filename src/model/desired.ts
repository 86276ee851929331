import type { Address } from "./names.ts";
import type { ContainerSpec, NetworkSpec, VolumeSpec } from "./spec.ts";

/** Something the person should know about how the manifest was compiled, e.g. a limit that was clamped. */
export type Notice = {
  /** Stable kebab-case code: `clamped`, `closed-network`, `offline`, … */
  code: string;
  project?: string;
  message: string;
};

/** Whether the sandbox should be up. */
export type DesiredState = "running" | "stopped";

type Common = { address: Address; project: string };

/** An image that must be present before its sandbox is created. */
export type DesiredImage = Common & { kind: "image"; reference: string };
/** A named volume; created when missing, never changed, never deleted without a flag. */
export type DesiredVolume = Common & { kind: "volume"; name: string; spec: VolumeSpec };
/** A network of one project. */
export type DesiredNetwork = Common & { kind: "network"; name: string; spec: NetworkSpec };
/** A sandbox: its container, complete, and whether it runs. */
export type DesiredSandbox = Common & {
  kind: "sandbox";
  name: string;
  spec: ContainerSpec;
  state: DesiredState;
  /** Blocks replacement and deletion. */
  protect: boolean;
};

/** One resource the workspace should have. */
export type DesiredResource = DesiredImage | DesiredVolume | DesiredNetwork | DesiredSandbox;

/** Everything a manifest compiles to: the input of `plan` beside the live state. */
export type Desired = {
  workspace: string;
  /** Absolute real path of the manifest's folder. */
  root: string;
  /** Names of all projects, sorted. */
  projects: string[];
  /** Sorted by address. */
  resources: DesiredResource[];
  notices: Notice[];
};
