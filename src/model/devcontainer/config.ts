import type { HookCommand } from "./lifecycle.ts";

/** A mount in object form. Further members are kept and reported. */
export type MountObject = { type?: string; source?: string; target: string; [other: string]: unknown };

/** A whole number of CPUs, and sizes such as `8gb`. */
export type HostRequirements = {
  cpus?: number;
  memory?: string;
  storage?: string;
  gpu?: boolean | "optional" | { cores?: number; memory?: string };
};

/**
 * A devcontainer.json whose structure is sound and whose legacy keys are mapped (`dockerFile`, `context`, `extensions`,
 * `settings`, `devPort`). Strings may still hold variables. Members the specification does not know are kept.
 * https://containers.dev/implementors/json_reference/
 */
export type DevcontainerConfig = {
  name?: string;
  image?: string;
  build?: {
    dockerfile?: string;
    context?: string;
    args?: Record<string, string>;
    target?: string;
    cacheFrom?: string | string[];
    options?: string[];
  };
  dockerComposeFile?: string | string[];
  service?: string;
  runServices?: string[];
  features?: Record<string, unknown>;
  overrideFeatureInstallOrder?: string[];
  workspaceFolder?: string;
  workspaceMount?: string;
  runArgs?: string[];
  appPort?: number | string | (number | string)[];
  forwardPorts?: (number | string)[];
  portsAttributes?: Record<string, unknown>;
  otherPortsAttributes?: Record<string, unknown>;
  containerEnv?: Record<string, string>;
  remoteEnv?: Record<string, string | null>;
  containerUser?: string;
  remoteUser?: string;
  updateRemoteUserUID?: boolean;
  userEnvProbe?: "none" | "loginShell" | "interactiveShell" | "loginInteractiveShell";
  overrideCommand?: boolean;
  shutdownAction?: "none" | "stopContainer" | "stopCompose";
  init?: boolean;
  privileged?: boolean;
  capAdd?: string[];
  securityOpt?: string[];
  mounts?: (string | MountObject)[];
  secrets?: Record<string, unknown>;
  initializeCommand?: HookCommand;
  onCreateCommand?: HookCommand;
  updateContentCommand?: HookCommand;
  postCreateCommand?: HookCommand;
  postStartCommand?: HookCommand;
  postAttachCommand?: HookCommand;
  waitFor?: "initializeCommand" | "onCreateCommand" | "updateContentCommand" | "postCreateCommand" | "postStartCommand";
  hostRequirements?: HostRequirements;
  customizations?: Record<string, unknown>;
  [other: string]: unknown;
};

/** A type without some of its members; unlike `Omit` it keeps the others beside an index signature. */
export type Without<Config, Key> = { [Member in keyof Config as Member extends Key ? never : Member]: Config[Member] };

/** One entry of the `devcontainer.metadata` label: what an image or a devcontainer.json adds to a container. */
export type MetadataEntry = Without<DevcontainerConfig, "image" | "build"> & { id?: string; entrypoint?: string };
