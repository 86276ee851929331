import type { LiveContainer, LiveNetwork, LiveVolume } from "../drivers/engine/engine.ts";
import { LABEL } from "../model/labels.ts";
import { hooksRecordName, parseAddress, recordName } from "../model/names.ts";
import type { Address } from "../model/names.ts";
import type { ContainerSpec } from "../model/spec.ts";
import type { Live } from "./live.ts";
import { claimContainer, claimNetwork, claimVolume } from "./ownership.ts";
import type { Claim, Identity, OwnedContainer, OwnedPlain } from "./ownership.ts";
import type { Foreign } from "./plan-types.ts";

type Claimed<Item> = OwnedPlain & { item: Item };

type Group<Item> = { project: string; items: Item[] };

/** What of a snapshot is ours, by address, and what only looks like it. */
export type Inventory = {
  containers: Map<Address, OwnedContainer[]>;
  networks: Map<Address, LiveNetwork[]>;
  volumes: Map<Address, LiveVolume[]>;
  /** Records of updates in place and of commands that are still to run, by engine name. */
  records: Map<string, LiveVolume>;
  foreign: Foreign[];
  /** The folder of another manifest with this workspace name, when there is one. */
  otherRoot: string | undefined;
  /** The same, one by one. */
  claimed: {
    containers: OwnedContainer[];
    networks: Claimed<LiveNetwork>[];
    volumes: Claimed<LiveVolume>[];
    records: Claimed<LiveVolume>[];
  };
};

/** What is ours and not declared. */
export type Undeclared = {
  containers: Map<Address, OwnedContainer[]>;
  /** Renamed by somebody: reported, never deleted. */
  strays: OwnedContainer[];
  networks: Map<Address, Group<LiveNetwork>>;
  volumes: Map<Address, Group<LiveVolume>>;
  /** Records whose container does not exist. */
  staleRecords: Map<Address, Group<LiveVolume>>;
};

/**
 * Sorts a snapshot into what is ours and what is not. Pure; the order of the lists does not matter.
 * @param known see `claimContainer`
 */
export function inventory(
  identity: Identity,
  live: Live,
  known: ReadonlyMap<string, ContainerSpec> = new Map(),
): Inventory {
  const labelsById = new Map(Object.values(live.images).map((image) => [image?.id, image?.labels]));
  const foreign: Foreign[] = [];
  const roots: string[] = [];
  const judge = <Owned>(
    kind: Foreign["kind"],
    id: string,
    name: string,
    claim: Claim<Owned>,
  ): claim is { ours: true } & Owned => {
    if (claim.ours) return true;
    if (claim.otherRoot !== undefined) roots.push(claim.otherRoot);
    foreign.push({ kind, id, name, why: claim.why });
    return false;
  };
  const containers = byId(live.containers).flatMap((container) => {
    const claim = claimContainer(identity, container, labelsById.get(container.imageId), known);
    return judge("container", container.id, container.name, claim) ? [claim] : [];
  });
  const networks = byId(live.networks).flatMap((network) => {
    const claim = claimNetwork(identity, network);
    return judge("network", network.id, network.name, claim) ? [{ ...claim, item: network }] : [];
  });
  const volumes = live.volumes
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((volume) => {
      const claim = claimVolume(identity, volume);
      return judge("volume", volume.name, volume.name, claim) ? [{ ...claim, item: volume }] : [];
    });
  const [records, data] = partition(volumes, ({ address }) => isRecord(address));
  return {
    containers: group(containers, (owned) => owned),
    networks: group(networks, ({ item }) => item),
    volumes: group(data, ({ item }) => item),
    records: new Map(records.map(({ item }) => [item.name, item])),
    foreign,
    otherRoot: roots.toSorted()[0],
    claimed: { containers, networks, volumes: data, records },
  };
}

/** Everything of ours whose address is not declared, of the selected projects. */
export function undeclaredOf(
  { claimed }: Inventory,
  declared: Set<Address>,
  selected: (project: string) => boolean,
): Undeclared {
  const loose = claimed.containers.filter(({ address, project }) => !declared.has(address) && selected(project));
  const [strays, standing] = partition(loose, ({ role }) => role === "renamed");
  const existing = new Set(
    claimed.containers.flatMap(({ container, project }) => [
      recordOf(container, project),
      hooksRecordOf(container, project),
    ]),
  );
  const chosen = <Plain extends OwnedPlain>(items: Plain[]): Plain[] =>
    items.filter(({ project }) => selected(project));
  const undeclared = <Plain extends OwnedPlain>(items: Plain[]): Plain[] =>
    chosen(items).filter(({ address }) => !declared.has(address));
  return {
    containers: group(standing, (owned) => owned),
    strays,
    networks: withProjects(undeclared(claimed.networks)),
    volumes: withProjects(undeclared(claimed.volumes)),
    staleRecords: withProjects(chosen(claimed.records).filter(({ item }) => !existing.has(item.name))),
  };
}

function isRecord(address: Address): boolean {
  const kind = parseAddress(address)?.kind;
  return kind === "record" || kind === "hooks";
}

/** Engine name of the record that the limits of one of our containers were updated in place. */
export function recordOf({ id, labels }: LiveContainer, project: string): string {
  return recordName(labels[LABEL.workspace] as string, project, id);
}

/** Engine name of the note that commands of one of our containers are still to run. */
export function hooksRecordOf({ id, labels }: LiveContainer, project: string): string {
  return hooksRecordName(labels[LABEL.workspace] as string, project, id);
}

/** The records that go with a container of ours, those that exist. */
export function recordsOf(
  { container, project }: OwnedContainer,
  records: ReadonlyMap<string, LiveVolume>,
): LiveVolume[] {
  return [recordOf(container, project), hooksRecordOf(container, project)].flatMap((name) => records.get(name) ?? []);
}

/**
 * Leaves out networks and volumes that are in use by containers this plan does not touch: the engine would refuse to remove
 * them, on every apply again.
 */
export function withoutUsed(undeclared: Undeclared, staying: LiveContainer[]): Undeclared {
  const networks = new Set(staying.flatMap((container) => Object.values(container.networks).map(({ id }) => id)));
  const sources = new Set(staying.flatMap(({ mounts }) => Object.values(mounts).map(({ source }) => source)));
  return {
    ...undeclared,
    networks: filterGroups(undeclared.networks, ({ id }) => !networks.has(id)),
    volumes: filterGroups(undeclared.volumes, ({ name }) => !sources.has(name)),
  };
}

function filterGroups<Item>(
  groups: Map<Address, Group<Item>>,
  test: (item: Item) => boolean,
): Map<Address, Group<Item>> {
  const filtered = [...groups].map(([address, { project, items }]) => {
    return [address, { project, items: items.filter(test) }] as const;
  });
  return new Map(filtered.filter(([, { items }]) => items.length > 0));
}

function group<Plain extends { address: Address }, Item>(
  items: Plain[],
  pick: (plain: Plain) => Item,
): Map<Address, Item[]> {
  const groups = new Map<Address, Item[]>();
  for (const plain of items.toSorted((a, b) => (a.address < b.address ? -1 : 1))) {
    groups.set(plain.address, [...(groups.get(plain.address) ?? []), pick(plain)]);
  }
  return groups;
}

function withProjects<Item>(items: Claimed<Item>[]): Map<Address, Group<Item>> {
  const projects = new Map(items.map(({ address, project }) => [address, project]));
  const groups = group(items, ({ item }) => item);
  return new Map(
    [...groups].map(([address, found]) => [address, { project: projects.get(address) as string, items: found }]),
  );
}

function partition<Item>(items: Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

function byId<Item extends { id: string }>(items: Item[]): Item[] {
  return items.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
