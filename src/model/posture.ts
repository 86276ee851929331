import { holdsPlaceholder } from "./host-values.ts";
import { LIMITS } from "./limits.ts";
import type { Limit } from "./limits.ts";
import type { ContainerSpec, MountSpec } from "./spec.ts";

/** One way in which a change widens or narrows what a sandbox may do. */
export type SecurityDelta = {
  direction: "loosens" | "tightens";
  /** JSON pointer into the spec. */
  path: string;
  /** What it means, for people: `capability SYS_PTRACE`. */
  what: string;
  /** A limit that changed and is still a limit. */
  capped?: true;
};

/**
 * The security delta between two specs of one sandbox, from one lattice: network, capabilities, no-new-privileges, limits,
 * host mounts and their writability, values of the host's environment, user, groups, GPUs, the root file system and runtime.
 * What cannot be ordered (another runtime) counts as loosening.
 */
export function securityDelta(before: ContainerSpec, after: ContainerSpec): SecurityDelta[] {
  return [
    ...ordered("/network", "network", networkReach(before), networkReach(after)),
    ...capabilityDelta(before, after),
    ...ordered("/noNewPrivileges", "gaining privileges", before.noNewPrivileges ? 0 : 1, after.noNewPrivileges ? 0 : 1),
    ...LIMITS.flatMap((limit) => limitDelta(limit, before, after)),
    ...mountDelta(before.mounts ?? {}, after.mounts ?? {}),
    ...ordered("/user", "user root", runsAsRoot(before) ? 1 : 0, runsAsRoot(after) ? 1 : 0),
    ...ordered("/gpus", "GPUs", before.gpus ? 1 : 0, after.gpus ? 1 : 0),
    ...ordered(
      "/readOnlyRoot",
      "writing the root file system",
      before.readOnlyRoot ? 0 : 1,
      after.readOnlyRoot ? 0 : 1,
    ),
    ...groupDelta(before, after),
    ...hostValueDelta(before, after),
    ...(before.runtime === after.runtime
      ? []
      : [delta("loosens", "/runtime", `runtime ${after.runtime ?? "of the engine's choice"}`)]),
  ];
}

/**
 * Whether a delta needs the person's approval: anything that widens, except a limit that is raised but stays a limit.
 */
export function needsApproval(deltas: SecurityDelta[]): boolean {
  return deltas.some(({ direction, capped }) => direction === "loosens" && !capped);
}

function delta(direction: SecurityDelta["direction"], path: string, what: string): SecurityDelta {
  return { direction, path, what };
}

function ordered(path: string, what: string, before: number, after: number): SecurityDelta[] {
  if (before === after) return [];
  return [delta(after > before ? "loosens" : "tightens", path, what)];
}

function limitDelta(limit: Limit, before: ContainerSpec, after: ContainerSpec): SecurityDelta[] {
  const [was, is] = [before, after].map((spec) => spec.resources?.[limit] ?? Number.POSITIVE_INFINITY) as [
    number,
    number,
  ];
  const deltas = ordered(`/resources/${limit}`, `${limit} limit`, was, is);
  return Number.isFinite(is) ? deltas.map((part) => ({ ...part, capped: true })) : deltas;
}

function networkReach(spec: ContainerSpec): number {
  return spec.network.mode === "none" ? 0 : 1;
}

/** An unset user is the image's, which may be root: the cautious reading. */
function runsAsRoot(spec: ContainerSpec): boolean {
  return spec.user === undefined || /^(root|0)(:|$)/.test(spec.user);
}

function capabilityDelta(before: ContainerSpec, after: ContainerSpec): SecurityDelta[] {
  const added = membership(before.capabilities?.add, after.capabilities?.add).map(({ key, gained }) =>
    delta(gained ? "loosens" : "tightens", `/capabilities/add/${key}`, `capability ${key}`),
  );
  const dropped = membership(before.capabilities?.drop, after.capabilities?.drop).map(({ key, gained }) =>
    delta(gained ? "tightens" : "loosens", `/capabilities/drop/${key}`, `dropping ${key}`),
  );
  return [...added, ...dropped];
}

function groupDelta(before: ContainerSpec, after: ContainerSpec): SecurityDelta[] {
  return membership(before.groups, after.groups).map(({ key, gained }) =>
    delta(gained ? "loosens" : "tightens", pointer("groups", key), `group ${key}`),
  );
}

/** Variables that hold something of the host's environment. Another value of it is no more than it had. */
function hostValueDelta(before: ContainerSpec, after: ContainerSpec): SecurityDelta[] {
  return membership(hostVariables(before), hostVariables(after)).map(({ key, gained }) =>
    delta(gained ? "loosens" : "tightens", pointer("env", key), `a value of the host in ${key}`),
  );
}

function hostVariables({ env = {} }: ContainerSpec): Record<string, true> {
  const held = Object.entries(env).filter(([, value]) => holdsPlaceholder(value));
  return Object.fromEntries(held.map(([name]) => [name, true as const]));
}

/** A JSON pointer (RFC 6901) to a member of a member. */
function pointer(member: string, key: string): string {
  return `/${member}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function membership(
  before: Record<string, true> | undefined,
  after: Record<string, true> | undefined,
): { key: string; gained: boolean }[] {
  const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...keys]
    .toSorted()
    .filter((key) => Boolean(before?.[key]) !== Boolean(after?.[key]))
    .map((key) => ({ key, gained: Boolean(after?.[key]) }));
}

/** Only host folders matter: volumes and tmpfs hold nothing of the host's. */
function mountDelta(before: Record<string, MountSpec>, after: Record<string, MountSpec>): SecurityDelta[] {
  const targets = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return targets.flatMap((target) => {
    const path = pointer("mounts", target);
    const [was, is] = [hostReach(before[target]), hostReach(after[target])];
    const sourceMoved = was.level > 0 && is.level > 0 && was.source !== is.source;
    if (sourceMoved) return [delta("loosens", path, `host folder ${is.source}`)];
    return ordered(path, `host folder ${is.source ?? was.source}`, was.level, is.level);
  });
}

function hostReach(mount: MountSpec | undefined): { level: number; source?: string } {
  if (mount?.type !== "bind") return { level: 0 };
  return { level: mount.readOnly ? 1 : 2, source: mount.source };
}
