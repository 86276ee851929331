import { LABEL } from "../../../model/labels.ts";
import type { ContainerSpec, NetworkAttachment } from "../../../model/spec.ts";
import type { ContainerDetail, LiveContainer } from "../engine.ts";
import { copyOf, type State } from "./state.ts";
import type { MemoryContainer, MemorySnapshot } from "./types.ts";

/** A container as the list shows it. */
export function listEntry(container: MemoryContainer): LiveContainer {
  const { id, name, imageId, health, createdAt } = container;
  const networks = Object.entries(container.networks).map(([key, network]) => [key, { id: network.id }] as const);
  const mounts = Object.entries(container.spec.mounts ?? {}).flatMap(([target, mount]) =>
    mount.type === "tmpfs" ? [] : [[target, { type: mount.type, source: mount.source }] as const],
  );
  return {
    id,
    name,
    labels: container.labels,
    imageId,
    state: container.state,
    health,
    networks: Object.fromEntries(networks),
    mounts: Object.fromEntries(mounts),
    createdAt,
  };
}

/** A container as an inspect shows it. */
export function detailOf(container: MemoryContainer): ContainerDetail {
  return {
    container: listEntry(container),
    spec: specOf(container),
    createdText: new Date(container.createdAt).toISOString(),
    startedText: new Date(container.startedAt ?? 0).toISOString(),
    exitCode: container.exitCode,
    error: container.error,
  };
}

/** The container read back into the normal form. */
export function specOf(container: MemoryContainer): ContainerSpec {
  const { spec, resources, labels, imageId } = container;
  return {
    ...spec,
    image: labels[LABEL.image] ?? imageId,
    network: attachment(container),
    ...(Object.keys(resources).length > 0 ? { resources } : {}),
  };
}

function attachment({ networkMode, networks }: MemoryContainer): NetworkAttachment {
  if (networkMode === "none") return { mode: "none" };
  const entries = Object.entries(networks).map(([name, { aliases }]) => [name, aliases ? { aliases } : {}] as const);
  return { mode: "bridge", networks: Object.fromEntries(entries) };
}

/** Everything, frozen, sorted, without times. */
export function snapshotOf(state: State): MemorySnapshot {
  const containers = [...state.containers.values()]
    .toSorted(byId)
    .map(({ createdAt: _created, startedAt: _started, process: _process, ...rest }) => rest);
  return deepFreeze(
    copyOf({
      containers,
      networks: [...state.networks.values()].toSorted(byId),
      volumes: [...state.volumes.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      references: Object.fromEntries([...state.references].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    }),
  );
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === "object") for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
