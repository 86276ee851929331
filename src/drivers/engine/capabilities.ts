import type { ContainerSpec } from "../../model/spec.ts";

type Capabilities = ContainerSpec["capabilities"];

/** Capability lists as an engine takes and shows them, names without `CAP_`. */
export type CapabilityLists = { add: string[]; drop: string[] };

/** What the engine shows, in the normal form: names without `CAP_`, nothing empty. */
export function normalCapabilities({ add, drop }: CapabilityLists): Capabilities {
  const dropped = setOf(drop.map(bareCapability));
  const added = setOf(add.map(bareCapability));
  if (!dropped && !added) return undefined;
  return { ...(dropped ? { drop: dropped } : {}), ...(added ? { add: added } : {}) };
}

/**
 * The same set as differences from Podman's default. Podman makes what is added explicitly ambient, so that also a
 * process without root has it; Docker never does. What is merely not dropped stays as harmless as on Docker.
 */
export function differenceFromDefault(wanted: Capabilities, defaults: string[]): CapabilityLists {
  const set = effective(wanted, defaults);
  const add = [...set].filter((name) => !defaults.includes(name));
  return { add: add.toSorted(), drop: set.size === 0 ? ["ALL"] : defaults.filter((name) => !set.has(name)).toSorted() };
}

/**
 * What Podman shows, read back. It shows the difference from its default whatever was asked for, so the spelling is
 * taken from `asked` when that means the same set.
 */
export function capabilitiesFromDifference(
  shown: CapabilityLists,
  defaults: string[],
  asked: Capabilities,
): Capabilities {
  const set = effective(normalCapabilities(shown), defaults);
  if (sameSet(set, effective(asked, defaults))) return asked;
  if (sameSet(set, new Set(defaults))) return undefined;
  if (defaults.every((name) => set.has(name))) {
    return normalCapabilities({ add: [...set].filter((name) => !defaults.includes(name)).toSorted(), drop: [] });
  }
  return normalCapabilities({ add: [...set].toSorted(), drop: ["ALL"] });
}

function effective(capabilities: Capabilities, defaults: string[]): Set<string> {
  const { drop = {}, add = {} } = capabilities ?? {};
  const kept = drop["ALL"] ? [] : defaults.filter((name) => !drop[name]);
  return new Set([...kept, ...Object.keys(add)]);
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((name) => b.has(name));
}

function setOf(names: string[]): Record<string, true> | undefined {
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, true as const]));
}

function bareCapability(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, "");
}
