import type { LiveContainer } from "../drivers/engine/engine.ts";
import { hashMatches, hashOfPlain } from "../model/hash.ts";
import { LABEL } from "../model/labels.ts";
import {
  candidateName,
  containerName,
  formerName,
  hooksRecordName,
  parseAddress,
  recordName,
  volumeName,
} from "../model/names.ts";
import type { Address } from "../model/names.ts";
import type { ContainerSpec } from "../model/spec.ts";

/** Which part a container plays for its address, told by its name alone. `renamed`: ours, under a name devc never gives. */
export type Role = "final" | "next" | "prev" | "renamed";

/** A container that is ours. */
export type OwnedContainer = {
  container: LiveContainer;
  address: Address;
  project: string;
  role: Role;
  /** The spec it was created from. */
  spec: ContainerSpec;
};

/** Whether something that carries our workspace label is ours. `otherRoot`: made by devc from another folder. */
export type Claim<Owned> = ({ ours: true } & Owned) | { ours: false; why: string; otherRoot?: string };

/** Identity of a workspace: its name and the folder of its manifest. */
export type Identity = { workspace: string; root: string };

/**
 * Decides whether a container is ours: full label set, workspace and root match, hashes match the spec label, and the labels
 * were not inherited from its image (an image committed from a sandbox carries the whole set; a container devc creates
 * always has its own generation).
 * @param imageLabels labels of the container's image; undefined when the engine no longer has it
 * @param known specs by their label text, so that a label that says what is desired need not be parsed and hashed again
 */
export function claimContainer(
  identity: Identity,
  container: LiveContainer,
  imageLabels: Record<string, string> | undefined,
  known: ReadonlyMap<string, ContainerSpec> = new Map(),
): Claim<OwnedContainer> {
  const { labels } = container;
  if (imageLabels?.[LABEL.generation] !== undefined && imageLabels[LABEL.generation] === labels[LABEL.generation]) {
    return { ours: false, why: "its labels come from its image" };
  }
  const identified = identify(identity, labels, Object.values(LABEL));
  if (!identified.ours) return identified;
  const parsed = parseAddress(identified.address);
  if (parsed?.kind !== "sandbox") return { ours: false, why: `${identified.address} is no address of a container` };
  const spec = known.get(labels[LABEL.spec] ?? "") ?? parseSpec(labels[LABEL.spec]);
  const intact = spec && hashMatches("core", labels[LABEL.core], spec) && hashMatches("live", labels[LABEL.live], spec);
  if (!intact) return { ours: false, why: "its spec label does not match its hashes" };
  const role = roleOf(containerName(identity.workspace, parsed.project), container.name);
  if (role === "renamed" && imageLabels === undefined) {
    return { ours: false, why: "its name is not one devc gives and its image is gone" };
  }
  return { ours: true, container, address: identified.address, project: parsed.project, role, spec };
}

/** A volume or network that is ours. */
export type OwnedPlain = { address: Address; project: string };

/** Decides whether a network is ours: labels, and a name that matches the address. */
export function claimNetwork(
  identity: Identity,
  network: { name: string; labels: Record<string, string> },
): Claim<OwnedPlain> {
  return claimPlain(identity, network, (parsed) =>
    parsed.kind === "network" ? containerName(identity.workspace, parsed.project) : undefined,
  );
}

/** Decides whether a volume is ours: a project's volume, or a record of one of our containers. */
export function claimVolume(
  identity: Identity,
  volume: { name: string; labels: Record<string, string> },
): Claim<OwnedPlain> {
  return claimPlain(identity, volume, (parsed) => {
    if (parsed.kind === "volume") return volumeName(identity.workspace, parsed.project, parsed.name ?? "");
    if (parsed.kind !== "record" && parsed.kind !== "hooks") return undefined;
    const nameOf = parsed.kind === "record" ? recordName : hooksRecordName;
    return volume.name.startsWith(nameOf(identity.workspace, parsed.project, "")) ? volume.name : undefined;
  });
}

const PLAIN_LABELS = [
  LABEL.workspace,
  LABEL.root,
  LABEL.address,
  LABEL.generation,
  LABEL.version,
  LABEL.core,
  LABEL.spec,
];

function claimPlain(
  identity: Identity,
  object: { name: string; labels: Record<string, string> },
  expectedName: (parsed: NonNullable<ReturnType<typeof parseAddress>>) => string | undefined,
): Claim<OwnedPlain> {
  const identified = identify(identity, object.labels, PLAIN_LABELS);
  if (!identified.ours) return identified;
  const parsed = parseAddress(identified.address);
  if (!parsed || expectedName(parsed) !== object.name) {
    return { ours: false, why: `its name does not match its address ${identified.address}` };
  }
  const spec = parseJson(object.labels[LABEL.spec]);
  if (spec === undefined || hashOfPlain(spec as object) !== object.labels[LABEL.core]) {
    return { ours: false, why: "its spec label does not match its hash" };
  }
  return { ours: true, address: identified.address, project: parsed.project };
}

function identify(identity: Identity, labels: Record<string, string>, required: string[]): Claim<{ address: Address }> {
  const missing = required.filter((key) => !labels[key]);
  if (missing.length > 0) return { ours: false, why: `label ${missing[0]} is missing` };
  if (labels[LABEL.workspace] !== identity.workspace) return { ours: false, why: "another workspace" };
  const root = labels[LABEL.root] as string;
  if (root !== identity.root) return { ours: false, why: `it belongs to ${root}`, otherRoot: root };
  return { ours: true, address: labels[LABEL.address] as Address };
}

function roleOf(final: string, name: string): Role {
  if (name === final) return "final";
  if (name === candidateName(final)) return "next";
  return name === formerName(final) ? "prev" : "renamed";
}

function parseSpec(text: string | undefined): ContainerSpec | undefined {
  const value = parseJson(text);
  return typeof value === "object" && value !== null && "image" in value && "network" in value
    ? (value as ContainerSpec)
    : undefined;
}

/** A label is outside input: text that is no JSON makes the object not ours, which is reported. */
function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
