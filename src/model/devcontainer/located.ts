import type { ImageBuild } from "./build.ts";
import type { DevcontainerConfig } from "./config.ts";

/** A project's devcontainer.json with everything about it that only the host's disk and environment tell. */
export type LocatedDevcontainer = {
  /** Absolute path of the devcontainer.json: the folder's real path and the way from there as it is written. */
  configPath: string;
  /** For people: `apps/web/.devcontainer/devcontainer.json`. */
  display: string;
  /** Absolute real path of the project's folder; `${localWorkspaceFolder}`. */
  folder: string;
  /** As written, legacy keys mapped: what goes into labels, because values of the host must not. */
  raw: DevcontainerConfig;
  /** With `${localEnv:…}`, `${localWorkspaceFolder}` and the variables made of them put in; others stand as written. */
  config: DevcontainerConfig;
  /** `file:line` of each value by its path: `containerEnv.NODE_ENV`, `mounts[1]`, `build.args`. */
  places: Record<string, string>;
  /** Things worth a word that are no errors: unknown and legacy keys. */
  warnings: { code: string; message: string }[];
  /** Absolute real path of the git repository's root around the folder; absent outside of one. */
  gitRoot?: string;
  /** Real folder below which host folders may be given to the sandbox: the workspace's root, or the repository's without a devc.yaml. */
  boundary: string;
  /** Whom the folder belongs to; absent where the host has no such IDs. */
  owner?: { uid: number; gid: number };
  /** Present for a Dockerfile; its reference is decided by the compiler. */
  build?: ImageBuild;
  /** What `customizations.devc` asked for and was not given, for the plan; `path` is that of the value in the file. */
  notGranted: { what: string; path: string; hint: string }[];
  /** Milliseconds one hook may take: `customizations.devc.hookTimeout`, or the default. */
  hookTimeoutMs: number;
};

/** Milliseconds one hook may take when nothing is said. */
export const DEFAULT_HOOK_TIMEOUT_MS = 3_600_000;
