import type { EngineCapacity, Surroundings } from "../compile.ts";
import type { ImageFacts } from "../image-facts.ts";
import type { ManifestProject } from "../manifest.ts";
import type { NetworkMode } from "../profiles.ts";
import { attachment, capabilitySpec, clampLimits, isEmpty, mountSpec } from "../sandbox-parts.ts";
import type { ContainerSpec, MountSpec } from "../spec.ts";
import type { Asked } from "./asked.ts";
import {
  grantCapabilities,
  grantGpus,
  grantLimits,
  grantNetwork,
  grantNoNewPrivileges,
  grantRuntime,
  grantUlimits,
} from "./grant.ts";
import { grantMounts, volumesIn } from "./grant-mounts.ts";
import type { LocatedDevcontainer } from "./located.ts";
import type { MergedDevcontainer } from "./merge-metadata.ts";
import type { AskedMount } from "./mount-grammar.ts";
import type { From, Notes } from "./notes.ts";
import { checkRequirements } from "./requirements.ts";
import { startCommand } from "./start-command.ts";

/** A spec but for its image, and what was granted for it. */
export type Settled = {
  spec: Omit<ContainerSpec, "image">;
  network: NetworkMode;
  /** By target; sources of volumes are short names. */
  mounts: Map<string, From<MountSpec>>;
  /** Short names of all the project's volumes, sorted. */
  volumes: string[];
};

/** What a spec is made of. */
type Parts = {
  workspace: string;
  project: ManifestProject;
  located: LocatedDevcontainer;
  engine: EngineCapacity | undefined;
  surroundings: Surroundings;
  notes: Notes;
  asked: Asked;
  merged: MergedDevcontainer;
  facts: ImageFacts | undefined;
  /** In the sandbox. */
  folder: string;
  /** Of the project's folder. */
  mount: From<AskedMount> | undefined;
};

/** Lays the profile over what is asked, and the manifest's entry over both. */
export function settleSpec(parts: Parts): Settled {
  const { workspace, project, engine, notes, asked, merged, facts, folder } = parts;
  const grantor = { project, notes };
  const network = grantNetwork(asked, grantor);
  const granted = grantLimits(asked, grantor);
  checkRequirements(merged, granted, engine, grantor);
  const resources = clampLimits(project.name, granted, engine, notes.notices);
  const mounts = mountsOf(parts);
  const workdir = asked.workdir?.value ?? (merged.overrideCommand === false ? undefined : folder);
  const all = {
    ...Object.fromEntries([...mounts].map(([target, { value }]) => [target, value])),
    ...project.mounts,
  };
  const spec: Omit<ContainerSpec, "image"> = {
    ...startCommand(merged, facts),
    capabilities: capabilitySpec(grantCapabilities(asked, grantor)),
    ...filled("env", { ...valuesOf(asked.env), ...project.env }),
    ...filled("extraHosts", valuesOf(asked.extraHosts)),
    ...given("gpus", grantGpus(asked, grantor, engine)),
    ...filled("groups", valuesOf(asked.groups)),
    hostname: asked.hostname?.value ?? project.name,
    ...given("init", asked.init?.value),
    ...filled("labels", valuesOf(asked.labels)),
    ...filled(
      "mounts",
      mapValues(all, (mount) => mountSpec(workspace, project.name, mount)),
    ),
    network: attachment(workspace, project.name, network),
    ...given("noNewPrivileges", grantNoNewPrivileges(asked, grantor) || undefined),
    ...given("readOnlyRoot", asked.readOnlyRoot?.value),
    ...filled("resources", resources),
    ...given("runtime", grantRuntime(asked, grantor)),
    ...given("shmSize", asked.shmSize?.value),
    ...given("stopSignal", asked.stopSignal?.value),
    ...filled("ulimits", grantUlimits(asked, grantor)),
    ...given("user", project.user ?? asked.user?.value),
    ...given("workdir", workdir),
  };
  const volumes = [...new Set([...project.volumes, ...volumesIn(mounts.values())])].toSorted();
  return { spec, network, mounts, volumes };
}

/** The mount of the project's folder and all others; two at one target are a mistake, and Docker refuses them. */
function mountsOf({ asked, mount, located, surroundings, project, notes }: Parts): Map<string, From<MountSpec>> {
  const target = mount?.value.target;
  const others = asked.mounts.filter(({ value, from }) => {
    if (value.target !== target || project.mounts[value.target]) return true;
    const message = `the project's folder is mounted at ${target} already`;
    notes.problem(from, { code: "duplicate-target", message, expected: "another target" });
    return false;
  });
  const places = { located, surroundings };
  return grantMounts([...(mount ? [mount] : []), ...others], places, { project, notes });
}

function valuesOf<Value>(map: Record<string, From<Value>>): Record<string, Value> {
  return mapValues(map, ({ value }) => value);
}

function mapValues<From, To>(map: Record<string, From>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

/** A member with a map that is not empty: specs hold nothing empty. */
function filled<Key extends string, Value extends object>(key: Key, value: Value): { [Each in Key]?: Value } {
  return (isEmpty(value) ? {} : { [key]: value }) as { [Each in Key]?: Value };
}

/** A member that is there when it has a value. */
function given<Key extends string, Value>(key: Key, value: Value | undefined): { [Each in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [Each in Key]?: Value };
}
