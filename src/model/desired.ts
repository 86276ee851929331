import type { ImageBuild } from "./devcontainer/build.ts";
import type { HooksSpec, RemoteSpec } from "./devcontainer/lifecycle.ts";
import type { Address } from "./names.ts";
import type { ContainerSpec, NetworkSpec, VolumeSpec } from "./spec.ts";

/** Something the person should know about how the manifest was compiled, e.g. a limit that was clamped. */
export type Notice = {
  /** Stable kebab-case code: `clamped`, `closed-network`, `offline`, … */
  code: string;
  project?: string;
  message: string;
  /** What to write or run about it: a line of devc.yaml, a command. */
  hint?: string;
};

/** Whether the sandbox should be up. */
export type DesiredState = "running" | "stopped";

type Common = { address: Address; project: string };

/** An image that must be present before its sandbox is created: pulled, or built under this reference. */
export type DesiredImage = Common & { kind: "image"; reference: string; build?: ImageBuild };
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
  /** What a devcontainer.json adds to the container itself. */
  devcontainer?: DesiredDevcontainer;
  /**
   * The image is not there yet, or will be built anew, so what it says about the sandbox is not known: `spec` is what is known
   * without it, and only the image is planned. The next plan, with the image, does the rest.
   */
  awaitsImage?: true;
};

/** What a devcontainer.json adds to a sandbox besides its spec. */
export type DesiredDevcontainer = {
  /** By which other tools find the container and read its configuration. Not compared: engines cannot change labels. */
  labels: Record<string, string>;
  /** How to enter. */
  remote: RemoteSpec;
  /** Absent when no phase has a command. */
  hooks?: HooksSpec;
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
  /** Values taken from the host's environment, by the placeholder that stands for them in specs. Never shown, never stored. */
  hostValues: Record<string, string>;
};
