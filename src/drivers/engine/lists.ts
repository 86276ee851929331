import { LABEL } from "../../model/labels.ts";
import type { Engine, LiveContainer, LiveNetwork } from "./engine.ts";
import { unlessGone } from "./errors.ts";
import { imageOf } from "./image-row.ts";
import type { ImageRow } from "./image-row.ts";
import { containerOf, isNetworkName, networkOf, volumeOf } from "./list-row.ts";
import type { ContainerRow, NetworkRow, VolumeRow } from "./list-row.ts";
import { encodeReference, queryOf } from "./query.ts";
import { isPodman } from "./session.ts";
import type { Session } from "./session.ts";
import { READ_TIMEOUT_MS } from "./transport.ts";

/** The questions a plan asks. Nothing here loads more than `node:http`. */
export type Lists = Pick<Engine, "listContainers" | "listNetworks" | "listVolumes" | "inspectImage"> & {
  /** IDs of networks by name; only for engines whose containers name their networks. */
  networkIds(): Promise<ReadonlyMap<string, string>>;
};

/** Creates the questions of a session. */
export function createLists(session: Session): Lists {
  const get = <T>(path: string, what: string) =>
    session.json<T>({ method: "GET", path, what, timeoutMs: READ_TIMEOUT_MS });
  const allNetworks = sharedWithinTurn(() => get<NetworkRow[]>("/networks", "list networks"));
  const networkIds = async () => new Map((await allNetworks()).map(({ Name, Id }) => [Name, Id]));

  return {
    networkIds,
    async listContainers(filter = {}) {
      const profile = await session.profile();
      const ids = isPodman(profile) && !isPodman(profile, "5") ? networkIds() : undefined;
      const query = queryOf({ all: "true", filters: labelFilter(filter) });
      const [rows, early] = await Promise.all([
        get<ContainerRow[]>(`/containers/json${query}`, "list containers"),
        ids,
      ]);
      const known = early ?? (rows.some(namesNetworks) ? await networkIds() : new Map<string, string>());
      return rows.map((row): LiveContainer => containerOf(row, known));
    },
    async listNetworks(filter = {}) {
      const profile = await session.profile();
      if (isPodman(profile) && !isPodman(profile, "5")) {
        const { workspace } = filter;
        const networks = (await allNetworks()).map((row): LiveNetwork => networkOf(row));
        return networks.filter(({ labels }) => workspace === undefined || labels[LABEL.workspace] === workspace);
      }
      return (await get<NetworkRow[]>(`/networks${queryOf({ filters: labelFilter(filter) })}`, "list networks")).map(
        networkOf,
      );
    },
    async listVolumes(filter = {}) {
      const path = `/volumes${queryOf({ filters: labelFilter(filter) })}`;
      const { Volumes } = await get<{ Volumes: VolumeRow[] | null }>(path, "list volumes");
      return (Volumes ?? []).map(volumeOf);
    },
    async inspectImage(reference) {
      const path = `/images/${encodeReference(reference)}/json`;
      const row = await unlessGone(get<ImageRow>(path, `inspect image ${reference}`), undefined);
      return row && imageOf(row);
    },
  };
}

function labelFilter({ workspace, label }: { workspace?: string; label?: string }): object | undefined {
  const labels = [
    ...(workspace === undefined ? [] : [`${LABEL.workspace}=${workspace}`]),
    ...(label === undefined ? [] : [label]),
  ];
  return labels.length === 0 ? undefined : { label: labels };
}

function namesNetworks({ NetworkSettings }: ContainerRow): boolean {
  const networks = Object.values(NetworkSettings?.Networks ?? {});
  return networks.some((network) => isNetworkName(network?.NetworkID ?? ""));
}

/**
 * One request for all who ask in the same turn of the event loop: a plan lists containers and networks at once, and an old
 * Podman needs the networks for both. Whoever asks later gets a newer answer.
 */
function sharedWithinTurn<T>(ask: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | undefined;
  return () => {
    if (!current) {
      current = ask();
      setImmediate(() => (current = undefined));
    }
    return current;
  };
}
