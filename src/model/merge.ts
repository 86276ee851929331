import type { CapabilityEdit } from "./capabilities.ts";
import type { DesiredState } from "./desired.ts";
import { LIMIT_KEYS } from "./limits.ts";
import type { MountEntry, ProfileEntry, Settings, Layer } from "./read-layer.ts";
import type { ValuePath } from "./source.ts";

/** A value and the layer and path it comes from. */
export type Sourced<Value> = { value: Value; layer: Layer; path: ValuePath };

/** Limits, each with its source. */
export type MergedResources = { memory?: Sourced<number>; nanoCpus?: Sourced<number>; pids?: Sourced<number> };

/** Keys of a project with a single value. */
export const SINGLE_KEYS = [
  "path",
  "devcontainer",
  "image",
  "profile",
  "user",
  "runtime",
  "state",
  "protect",
  "hookTimeout",
] as const;

/** All layers of one project put together. */
export type MergedProject = {
  name: string;
  /** Where the project is named for the first time. */
  declared: Sourced<Settings>;
  path?: Sourced<string>;
  devcontainer?: Sourced<string>;
  image?: Sourced<string>;
  /** The image an entry of the project names, whatever `defaults` say: then its folder's devcontainer.json is not used. */
  ownImage?: Sourced<string>;
  profile?: Sourced<string>;
  user?: Sourced<string>;
  runtime?: Sourced<string>;
  state?: Sourced<DesiredState>;
  protect?: Sourced<boolean>;
  hookTimeout?: Sourced<number>;
  resources: MergedResources;
  /** Lowest layer first. */
  capabilities: Sourced<CapabilityEdit>[];
  env: Map<string, Sourced<string>>;
  volumes: Map<string, Sourced<string>>;
  mounts: Sourced<MountEntry>[];
};

/** All layers of one profile put together. */
export type MergedProfile = {
  name: string;
  declared: Sourced<ProfileEntry>;
  extends?: Sourced<string>;
  network?: Sourced<"none" | "open">;
  noNewPrivileges?: Sourced<boolean>;
  resources: MergedResources;
  capabilities: Sourced<CapabilityEdit>[];
};

/** All files put together. */
export type MergedManifest = {
  workspace?: Sourced<string>;
  /** By name, sorted. */
  projects: Map<string, MergedProject>;
  profiles: Map<string, MergedProfile>;
};

/**
 * Puts the layers together, lowest first: the files of `extends`, the manifest, then `devc.local.yaml`. Each file counts as two
 * layers, its `defaults` and above them its entry of the project, so a nearer file wins over a farther one whole.
 *
 * How a key merges: single values (also each limit), the higher layer's; `env` and `volumes`, by name; `mounts`, the higher
 * layer's whole list; `capabilities`, one edit after the other. Profiles of one name merge in the same way.
 */
export function mergeLayers(layers: Layer[]): MergedManifest {
  const named = layers.flatMap((layer) =>
    layer.workspace === undefined ? [] : [{ value: layer.workspace, layer, path: ["workspace"] }],
  );
  const workspace = named.at(-1);
  const projects = entriesByName(layers, "projects");
  const profiles = entriesByName(layers, "profiles");
  return {
    ...(workspace ? { workspace } : {}),
    projects: new Map(projects.map(([name, entries]) => [name, mergeProject(name, layers, entries)])),
    profiles: new Map(
      profiles.map(([name, entries]) => [name, mergeProfile(name, entries as Sourced<ProfileEntry>[])]),
    ),
  };
}

/** Entries of each name over all layers, sorted by name. */
function entriesByName<Key extends "projects" | "profiles">(layers: Layer[], key: Key) {
  type Entry = NonNullable<Layer[Key]>[string];
  const byName = new Map<string, Sourced<Entry>[]>();
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer[key] ?? {}) as [string, Entry][]) {
      byName.set(name, [...(byName.get(name) ?? []), { value, layer, path: [key, name] }]);
    }
  }
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function mergeProject(name: string, layers: Layer[], entries: Sourced<Settings>[]): MergedProject {
  const parts = layers.flatMap((layer): Sourced<Settings>[] => {
    const defaults = layer.defaults ? [{ value: layer.defaults, layer, path: ["defaults"] }] : [];
    return [...defaults, ...entries.filter((entry) => entry.layer === layer)];
  });
  const merged: MergedProject = {
    name,
    declared: entries[0] as Sourced<Settings>,
    resources: mergeResources(parts),
    capabilities: edits(parts),
    env: mergeMap(parts, "env"),
    volumes: mergeMap(parts, "volumes"),
    mounts: [],
  };
  for (const { value, layer, path } of parts) {
    for (const key of SINGLE_KEYS) {
      if (value[key] !== undefined)
        Object.assign(merged, { [key]: { value: value[key], layer, path: [...path, key] } });
    }
    if (value.image !== undefined && path[0] !== "defaults") merged.ownImage = merged.image as Sourced<string>;
    if (value.mounts) {
      merged.mounts = value.mounts.map(({ entry, index }) => ({
        value: entry,
        layer,
        path: [...path, "mounts", index],
      }));
    }
  }
  return merged;
}

function mergeProfile(name: string, parts: Sourced<ProfileEntry>[]): MergedProfile {
  const merged: MergedProfile = {
    name,
    declared: parts[0] as Sourced<ProfileEntry>,
    resources: mergeResources(parts),
    capabilities: edits(parts),
  };
  for (const { value, layer, path } of parts) {
    if (value.extends !== undefined) merged.extends = { value: value.extends, layer, path: [...path, "extends"] };
    if (value.network !== undefined)
      merged.network = { value: value.network, layer, path: [...path, "network", "mode"] };
    if (value.noNewPrivileges !== undefined) {
      merged.noNewPrivileges = { value: value.noNewPrivileges, layer, path: [...path, "noNewPrivileges"] };
    }
  }
  return merged;
}

function mergeResources(parts: Sourced<Settings | ProfileEntry>[]): MergedResources {
  const merged: MergedResources = {};
  for (const { value, layer, path } of parts) {
    for (const [limit, amount] of Object.entries(value.resources) as [keyof MergedResources, number][]) {
      merged[limit] = { value: amount, layer, path: [...path, "resources", LIMIT_KEYS[limit]] };
    }
  }
  return merged;
}

function edits(parts: Sourced<Settings | ProfileEntry>[]): Sourced<CapabilityEdit>[] {
  return parts.flatMap(({ value, layer, path }) =>
    value.capabilities ? [{ value: value.capabilities, layer, path: [...path, "capabilities"] }] : [],
  );
}

function mergeMap(parts: Sourced<Settings>[], key: "env" | "volumes"): Map<string, Sourced<string>> {
  const merged = new Map<string, Sourced<string>>();
  for (const { value, layer, path } of parts) {
    for (const [name, text] of Object.entries(value[key]))
      merged.set(name, { value: text, layer, path: [...path, key, name] });
  }
  return merged;
}
