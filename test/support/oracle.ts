import type { MemorySnapshot } from "../../src/drivers/engine/memory/types.ts";
import type { Desired } from "../../src/model/desired.ts";
import { LABEL } from "../../src/model/labels.ts";
import { parseAddress } from "../../src/model/names.ts";
import type { ContainerSpec } from "../../src/model/spec.ts";
import { restrictTo } from "../engines/contract/context.ts";
import type { Scene } from "./memory-world.ts";
import { sandboxesOf } from "./memory-world.ts";
import { ORIGIN } from "./workspace.ts";

type Container = MemorySnapshot["containers"][number];

/**
 * What the engine holds that is not as desired, in words; written without anything of the reconciler. Empty when converged.
 * Not judged: volumes that are no longer declared (they stay), containers that somebody renamed and the networks of those.
 */
export function deviations({ engine, strangers }: Scene, desired: Desired): string[] {
  const state = engine.snapshot();
  const ours = state.containers.filter(
    (one) => !strangers.has(one.id) && one.labels[LABEL.workspace] === ORIGIN.workspace,
  );
  const found: string[] = [];
  for (const sandbox of sandboxesOf(desired)) {
    const container = ours.find(({ name }) => name === sandbox.name);
    if (!container) found.push(`${sandbox.address} is missing`);
    else {
      found.push(...differences(sandbox.address, sandbox.spec, sandbox.state, container, state));
      const noted = state.volumes.some(({ name }) => name === `${sandbox.name}.hooks-${container.id.slice(0, 12)}`);
      if (noted && sandbox.state === "running") found.push(`${sandbox.address} has commands left`);
    }
  }
  const names = new Set(sandboxesOf(desired).map(({ name }) => name));
  for (const { name } of ours) {
    if (isGivenName(name) && !names.has(name)) found.push(`container ${name} is left over`);
  }
  return [...found, ...plainDeviations(state, strangers, desired)];
}

/** Whether devc gives such names to containers. */
function isGivenName(name: string): boolean {
  return /^devc-[a-z0-9-]+(\.next|\.prev)?$/.test(name);
}

function differences(
  address: string,
  spec: ContainerSpec,
  wanted: "running" | "stopped",
  container: Container,
  state: MemorySnapshot,
): string[] {
  const found: string[] = [];
  const isUp = container.state === "running" || container.state === "restarting";
  if (isUp !== (wanted === "running") || container.state === "paused") found.push(`${address} is ${container.state}`);
  if (container.state === "running" && ["starting", "unhealthy"].includes(container.health)) {
    found.push(`${address} is ${container.health}`);
  }
  const { image, network, resources = {}, ...fields } = spec;
  const same = (what: string, is: unknown, should: unknown): void => {
    if (JSON.stringify(sorted(is)) !== JSON.stringify(sorted(should))) {
      found.push(`${address} has ${what} ${JSON.stringify(is)} instead of ${JSON.stringify(should)}`);
    }
  };
  same("fields", restrictTo(fields, container.spec), fields);
  same("limits", container.resources, resources);
  const present = state.references[image];
  if (present !== undefined) same("image", container.imageId, present);
  const attached = network.mode === "bridge" ? Object.keys(network.networks) : [];
  const idOf = (name: string): string | undefined => state.networks.find((one) => one.name === name)?.id;
  // An attachment that is not bound yet finds its network by name when the container starts.
  const bound = Object.entries(container.networks).map(([name, { id }]) => [name, id === "" ? idOf(name) : id]);
  same("networks", Object.fromEntries(bound), Object.fromEntries(attached.map((name) => [name, idOf(name)])));
  return found;
}

function plainDeviations(state: MemorySnapshot, strangers: Set<string>, desired: Desired): string[] {
  const found: string[] = [];
  const wanted = new Set(desired.resources.flatMap((one) => (one.kind === "network" ? [one.name] : [])));
  const networks = state.networks.filter(
    (one) => !strangers.has(one.id) && one.labels[LABEL.workspace] === ORIGIN.workspace,
  );
  for (const name of wanted) {
    const count = networks.filter((network) => network.name === name).length;
    if (count !== 1) found.push(`network ${name} exists ${count} times`);
  }
  const strays = state.containers.filter(({ name }) => !isGivenName(name));
  for (const { id, name } of networks) {
    const isUsed = strays.some((one) => Object.values(one.networks).some((attached) => attached.id === id));
    if (!wanted.has(name) && !isUsed) found.push(`network ${name} is left over`);
  }
  const volumes = new Set(state.volumes.map(({ name }) => name));
  for (const one of desired.resources) {
    if (one.kind === "volume" && !volumes.has(one.name)) found.push(`${one.address} is missing`);
  }
  for (const { name, labels } of state.volumes) {
    const kind = parseAddress(labels[LABEL.address] ?? "")?.kind;
    const isRecord = (kind === "record" || kind === "hooks") && !strangers.has(name);
    const id = name.split(/\.(?:updated|hooks)-/)[1] ?? "";
    if (isRecord && !state.containers.some((one) => one.id.startsWith(id))) found.push(`record ${name} is stale`);
  }
  return found;
}

/**
 * What the engine holds, told without anything that differs between two ways to the same end: IDs are replaced by names, and
 * which apply made a thing is left out.
 */
export function normalState({ engine }: Scene): unknown {
  const { containers, networks, volumes, references } = engine.snapshot();
  const names = new Map([...containers, ...networks].map(({ id, name }) => [id, name]));
  const plain = ({ [LABEL.generation]: _generation, ...labels }: Record<string, string>): Record<string, string> =>
    labels;
  return sorted({
    containers: Object.fromEntries(
      containers.map(
        ({ id, name, labels, networks: attached, state, spec, health, exitCode: _exit, error: _error, ...rest }) => [
          name,
          {
            ...rest,
            health,
            spec: spec.hostname === id.slice(0, 12) ? { ...spec, hostname: "(from the ID)" } : spec,
            labels: plain(labels),
            up: state === "running" || state === "restarting",
            networks: Object.fromEntries(
              Object.entries(attached).map(([key, { id: to }]) => [key, to === "" ? key : (names.get(to) ?? to)]),
            ),
          },
        ],
      ),
    ),
    networks: networks.map(({ name, labels }) => [name, plain(labels)]).toSorted(),
    volumes: volumes.map(({ name, labels }) => [name.replace(/\.(updated|hooks)-.*/, ".$1"), plain(labels)]).toSorted(),
    references,
  });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}

/** Watches the sandboxes that run now and shall run: one healthy container of theirs must be there at any time. */
export function watchAvailability({ engine }: Scene, desired: Desired): { look: () => void; gaps: string[] } {
  const healthy = (name: string): boolean =>
    engine
      .snapshot()
      .containers.some(
        (one) =>
          [name, `${name}.next`, `${name}.prev`].includes(one.name) &&
          one.state === "running" &&
          (one.health === "none" || one.health === "healthy"),
      );
  const watched = sandboxesOf(desired).filter(({ name, state }) => state === "running" && healthy(name));
  const gaps: string[] = [];
  return {
    gaps,
    look() {
      for (const { name, address } of watched) if (!gaps.includes(address) && !healthy(name)) gaps.push(address);
    },
  };
}
