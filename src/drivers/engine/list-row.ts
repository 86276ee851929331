import { DevcError } from "../../model/errors.ts";
import type { ContainerState, Health, LiveContainer, LiveNetwork, LiveVolume } from "./engine.ts";

/** Members of GET /containers/json that devc reads; Podman's answers lack some. */
export type ContainerRow = {
  Id: string;
  Names: string[] | null;
  ImageID: string;
  Labels: Record<string, string> | null;
  State: string;
  Status: string;
  /** Seconds since the epoch. */
  Created: number;
  Mounts?: MountRow[] | null;
  NetworkSettings?: { Networks?: NetworkMap | null } | null;
};

/** A mount as lists and inspects show it. */
export type MountRow = { Type: string; Name?: string; Source?: string; Destination: string; RW: boolean };

/** Attachments by network name. */
export type NetworkMap = Record<string, { NetworkID?: string; Aliases?: string[] | null } | null>;

/** Members of GET /networks that devc reads. */
export type NetworkRow = { Id: string; Name: string; Driver: string; Labels: Record<string, string> | null };

/** Members of GET /volumes that devc reads. */
export type VolumeRow = { Name: string; Driver: string; Labels: Record<string, string> | null };

/** Every state an engine is known to report, in devc's vocabulary. Podman's own words are the last ones. */
const STATES: Record<string, ContainerState> = {
  created: "created",
  running: "running",
  paused: "paused",
  restarting: "restarting",
  exited: "exited",
  dead: "dead",
  removing: "removing",
  configured: "created",
  initialized: "created",
  stopping: "running",
  stopped: "exited",
  unknown: "dead",
};

/** Networks that stand for "none of its own". */
const PSEUDO_NETWORKS = new Set(["none", "host"]);

/** @throws DevcError `engine-error` for a state no engine is known to have */
export function stateOf(word: string, name: string): ContainerState {
  const state = Object.hasOwn(STATES, word) ? STATES[word] : undefined;
  if (state) return state;
  throw new DevcError("engine-error", `the engine reports an unknown state of container ${name}: '${word}'`, {
    subject: name,
  });
}

/** A container of the list. `networkIds` gives the ID for a network's name, where the engine's list only has names. */
export function containerOf(row: ContainerRow, networkIds: ReadonlyMap<string, string>): LiveContainer {
  const name = bareName(row.Names?.[0] ?? "");
  return {
    id: row.Id,
    name,
    labels: row.Labels ?? {},
    imageId: imageIdOf(row.ImageID),
    state: stateOf(row.State, name),
    health: healthOfStatus(row.Status),
    networks: networksOf(row.NetworkSettings?.Networks, networkIds),
    mounts: mountsOf(row.Mounts),
    createdAt: row.Created * 1000,
  };
}

/** Attached networks by name. Before a start Docker knows no ID. */
export function networksOf(
  networks: NetworkMap | null | undefined,
  ids: ReadonlyMap<string, string>,
): LiveContainer["networks"] {
  const entries = Object.entries(networks ?? {})
    .filter(([name]) => !PSEUDO_NETWORKS.has(name))
    .map(([name, network]) => [name, { id: networkIdOf(network?.NetworkID ?? "", ids) }] as const);
  return Object.fromEntries(entries);
}

function networkIdOf(said: string, ids: ReadonlyMap<string, string>): string {
  return isNetworkName(said) ? (ids.get(said) ?? "") : said;
}

/** Whether what stands in place of an ID is a name: Podman 4 does that. */
export function isNetworkName(said: string): boolean {
  return said !== "" && !/^[0-9a-f]{64}$/.test(said);
}

/** Volumes and host folders by target; tmpfs is left out because Podman does not list it. */
export function mountsOf(mounts: MountRow[] | null | undefined): LiveContainer["mounts"] {
  const kept = (mounts ?? []).filter(({ Type }) => Type !== "tmpfs");
  return Object.fromEntries(
    kept.map(({ Type, Name, Source, Destination }) => {
      const source = Type === "volume" ? Name : Source;
      return [Destination, { type: Type, ...(source ? { source } : {}) }];
    }),
  );
}

/** Docker tells health in words: `Up 2 minutes (healthy)`. */
function healthOfStatus(status: string): Health {
  const word = /\((?:health: )?(starting|healthy|unhealthy)\)/.exec(status)?.[1];
  return (word as Health | undefined) ?? "none";
}

/** A name without the slash in front. */
export function bareName(name: string): string {
  return name.replace(/^\//, "");
}

/** `sha256:<hex>`; Podman's own API leaves the algorithm out. */
export function imageIdOf(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? `sha256:${id}` : id;
}

/** A network of the list. */
export function networkOf({ Id, Name, Driver, Labels }: NetworkRow): LiveNetwork {
  return { id: Id, name: Name, driver: Driver, labels: Labels ?? {} };
}

/** A volume of the list. */
export function volumeOf({ Name, Driver, Labels }: VolumeRow): LiveVolume {
  return { name: Name, driver: Driver, labels: Labels ?? {} };
}
