import { canonicalJson } from "./json.ts";
import { hashOf, hashOfPlain } from "./hash.ts";
import type { Address } from "./names.ts";
import type { ContainerSpec, NetworkSpec, VolumeSpec } from "./spec.ts";

/**
 * Labels on everything devc makes. Containers inherit the labels of their image, so every key is always set explicitly
 * and having some of them proves nothing: `reconcile/ownership.ts` decides what is ours.
 */
export const LABEL = {
  workspace: "devc.workspace",
  /** Absolute real path of the manifest's folder. */
  root: "devc.root",
  address: "devc.address",
  /** ULID of the apply that made the resource; never compared. */
  generation: "devc.generation",
  /** devc version that made the resource; never compared. */
  version: "devc.version",
  core: "devc.core",
  live: "devc.live",
  /** Canonical JSON of the spec: field diffs without an inspect. */
  spec: "devc.spec",
  /** Image reference as written; the container itself is created from the image ID. */
  image: "devc.image",
} as const;

/** Who makes a resource: identity of the workspace and of this apply. */
export type Origin = { workspace: string; root: string; generation: string; version: string };

/** Full label set of a container. */
export function containerLabels(origin: Origin, address: Address, spec: ContainerSpec): Record<string, string> {
  return {
    ...originLabels(origin, address),
    [LABEL.core]: hashOf("core", spec),
    [LABEL.live]: hashOf("live", spec),
    [LABEL.spec]: canonicalJson(spec),
    [LABEL.image]: spec.image,
  };
}

/** Full label set of a volume, network or record. */
export function plainLabels(origin: Origin, address: Address, spec: VolumeSpec | NetworkSpec): Record<string, string> {
  return { ...originLabels(origin, address), [LABEL.core]: hashOfPlain(spec), [LABEL.spec]: canonicalJson(spec) };
}

function originLabels(origin: Origin, address: Address): Record<string, string> {
  return {
    [LABEL.workspace]: origin.workspace,
    [LABEL.root]: origin.root,
    [LABEL.address]: address,
    [LABEL.generation]: origin.generation,
    [LABEL.version]: origin.version,
  };
}
