import type { DesiredState } from "./desired.ts";
import type { DevcontainerConfig } from "./devcontainer/config.ts";
import type { LocatedDevcontainer } from "./devcontainer/located.ts";
import type { Posture } from "./profiles.ts";
import type { MountSpec } from "./spec.ts";

/** Form of names of workspaces, projects, profiles and volumes. */
export const NAME_PATTERN = "^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$";

/** Engine names put several names together and must stay below the 253 characters some engines allow. */
export const MAX_NAME_LENGTH = 40;

/** What to write, for messages. */
export const NAME_EXPECTED = `lower-case letters and digits, with - and _ inside, at most ${MAX_NAME_LENGTH} characters`;

/** Place of a value: index into `DeclaredManifest.files`, line, column. */
export type Place = [file: number, line: number, column: number];

/**
 * A path of the host as it is written. What it leads to depends on the disk, so it is found out anew at every load.
 * `place` is where it stands and says from which file's folder a relative one starts.
 */
export type HostPath = { text: string; place: Place };

/** A mount before host paths are looked at. */
export type DeclaredMount =
  | { type: "bind"; source: HostPath; readOnly?: true }
  | { type: "volume"; volume: string; readOnly?: true }
  | { type: "tmpfs"; size?: number };

/** A project whose every value is decided; only host paths are still as written. */
export type DeclaredProject = {
  name: string;
  profile: string;
  /** Index into `DeclaredManifest.postures`. */
  posture: number;
  /** Empty when a devcontainer.json decides. */
  image: string;
  state: DesiredState;
  protect: boolean;
  env: Record<string, string>;
  user?: string;
  runtime?: string;
  folder?: HostPath;
  /** Names of the project's volumes, sorted. */
  volumes: string[];
  /** Keyed by target. */
  mounts: Record<string, DeclaredMount>;
  /** Present when the devcontainer.json of the project's folder is used. */
  devcontainer?: DeclaredDevcontainer;
};

/** A devcontainer.json as it is written, independent of the host it will be used on. */
export type DeclaredDevcontainer = {
  /** Index into `DeclaredManifest.files`. */
  file: number;
  /** From the project's folder to the file: `.devcontainer/devcontainer.json`. */
  way: string;
  /** Legacy keys mapped, nothing else changed, members in the order of the file. */
  raw: DevcontainerConfig;
  /** Line and column of each value by its path: `containerEnv.NODE_ENV`, `mounts[1]`. */
  places: Record<string, [line: number, column: number]>;
  /** Each message follows the name of the file, which depends on where the person stands: `:12: unknown key …`. */
  warnings: { code: string; message: string }[];
  /** What `customizations.devc` asked for beyond what the manifest gives. */
  notGranted: LocatedDevcontainer["notGranted"];
  /** Milliseconds. */
  hookTimeoutMs: number;
};

/** The merged manifest, independent of the disk it refers to. Plain JSON: this is what the cache holds. */
export type DeclaredManifest = {
  workspace: string;
  /** Each once: most projects share a few. */
  postures: Posture[];
  /** Sorted by name. */
  projects: DeclaredProject[];
};

/** A project with its host paths found: the input of `compile`. */
export type ManifestProject = Omit<DeclaredProject, "posture" | "folder" | "mounts" | "devcontainer"> & {
  /** Projects of equal posture share one object. */
  posture: Posture;
  /** Absolute real path of the project's folder, and where it appears. */
  folder?: { source: string; target: string };
  /** Keyed by target; the folder is not in it. Sources of volumes are short names. */
  mounts: Record<string, MountSpec>;
  /** Present when the project's devcontainer.json is used; `image` is empty then, and `folder` is absent. */
  devcontainer?: LocatedDevcontainer;
};

/** The merged, checked normal form of a manifest. */
export type Manifest = {
  workspace: string;
  /** Absolute real path of the manifest's folder. */
  root: string;
  /** Sorted by name. */
  projects: ManifestProject[];
};
