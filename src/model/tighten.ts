import { LIMITS } from "./limits.ts";
import type { NetworkMode, Posture } from "./profiles.ts";
import type { ResourcesSpec } from "./spec.ts";

/** From the narrowest to the widest. */
const REACH: readonly NetworkMode[] = ["none", "allowlist", "open"];

/** What two postures both allow: in each dimension the narrower of the two. Never wider than either. */
export function narrower(one: Posture, other: Posture): Posture {
  return {
    network: narrowerNetwork(one.network, other.network),
    resources: narrowerLimits(one.resources, other.resources),
    capabilities: one.capabilities.filter((name) => other.capabilities.includes(name)),
    noNewPrivileges: one.noNewPrivileges || other.noNewPrivileges,
    gpus: one.gpus && other.gpus,
  };
}

/** The network that reaches less. */
export function narrowerNetwork(one: NetworkMode, other: NetworkMode): NetworkMode {
  return REACH.indexOf(one) <= REACH.indexOf(other) ? one : other;
}

/** Whether a posture allows nothing that another one does not allow. */
export function isWithin(posture: Posture, bounds: Posture): boolean {
  return (
    REACH.indexOf(posture.network) <= REACH.indexOf(bounds.network) &&
    LIMITS.every((limit) => isLimitWithin(posture.resources[limit], bounds.resources[limit])) &&
    posture.capabilities.every((name) => bounds.capabilities.includes(name)) &&
    (posture.noNewPrivileges || !bounds.noNewPrivileges) &&
    (bounds.gpus || !posture.gpus)
  );
}

/** Whether a limit is at most another one; an absent one is no limit. */
export function isLimitWithin(limit: number | undefined, bound: number | undefined): boolean {
  return bound === undefined || (limit !== undefined && limit <= bound);
}

function narrowerLimits(one: ResourcesSpec, other: ResourcesSpec): ResourcesSpec {
  const limits = LIMITS.flatMap((limit) => {
    const [a, b] = [one[limit], other[limit]];
    const value = isLimitWithin(a, b) ? a : b;
    return value === undefined ? [] : [[limit, value] as const];
  });
  return Object.fromEntries(limits);
}
