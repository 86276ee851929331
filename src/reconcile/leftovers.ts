import type { DesiredSandbox } from "../model/desired.ts";
import { hashMatches } from "../model/hash.ts";
import { LABEL } from "../model/labels.ts";
import { assess } from "./assess.ts";
import type { Live } from "./live.ts";
import type { OwnedContainer } from "./ownership.ts";

/** A container to remove, and why. */
export type Leftover = { owned: OwnedContainer; cause: string };

/**
 * What the containers of one address mean. Every state that a crash can leave is told from names and labels alone:
 *
 * | found | meaning | so |
 * | --- | --- | --- |
 * | final, next that matches | crash before the old one was stopped | the candidate goes on |
 * | final, next that does not match, failed or is not needed | manifest changed since, or it failed | remove next |
 * | final, prev | crash before the last step | remove prev |
 * | final, next in which commands are left to run | crash while they ran, or one failed | they run again |
 * | next ready, no final | crash between the renames | next takes over, and prev is removed |
 * | prev, no final, next not ready or absent | the replacement failed | prev takes its name back |
 * | next only | the old one is gone | next takes over |
 * | a name devc never gives, nothing else | renamed by somebody | rename back |
 */
export type Settlement = {
  /** The container that is the sandbox now, whatever its name. */
  current?: OwnedContainer;
  /** A candidate to finish instead of creating one. */
  candidate?: OwnedContainer;
  /** Removed before anything else. */
  remove: Leftover[];
  /** Renamed by somebody while the sandbox exists: reported, never touched. */
  strays: OwnedContainer[];
};

/**
 * Sorts out the containers of one declared sandbox. Pure.
 * @param noted whether commands of a container's devcontainer.json have not all succeeded: such a candidate is not ready
 */
export function settle(
  desired: DesiredSandbox,
  owned: OwnedContainer[],
  live: Live,
  noted: (owned: OwnedContainer) => boolean = () => false,
): Settlement {
  const of = (role: OwnedContainer["role"]): OwnedContainer | undefined => owned.find((one) => one.role === role);
  const [final, next, prev] = [of("final"), of("next"), of("prev")];
  const renamed = owned.filter(({ role }) => role === "renamed");
  const strays = renamed.toSorted((a, b) => (a.container.id < b.container.id ? -1 : 1));
  if (final) return { ...withFinal(desired, final, next, prev, live), strays };
  const nextIsReady = next !== undefined && (prev === undefined || (isReady(next, desired) && !noted(next)));
  if (nextIsReady) {
    const remove = prev ? [{ owned: prev, cause: "left by a replacement that did not finish" }] : [];
    return { current: next, remove, strays };
  }
  if (prev) {
    const remove = next ? [{ owned: next, cause: "a candidate that never became ready" }] : [];
    return { current: prev, remove, strays };
  }
  const [stray, ...others] = strays;
  return { ...(stray ? { current: stray } : {}), remove: [], strays: others };
}

function withFinal(
  desired: DesiredSandbox,
  final: OwnedContainer,
  next: OwnedContainer | undefined,
  prev: OwnedContainer | undefined,
  live: Live,
): Omit<Settlement, "strays"> {
  const remove = prev ? [{ owned: prev, cause: "left by a replacement that finished" }] : [];
  if (!next) return { current: final, remove };
  const wanted = assess(desired, final, live, false).way === "replace" && !desired.protect;
  if (wanted && isCurrent(desired, next, live) && mayGoOn(next, desired)) {
    return { current: final, candidate: next, remove };
  }
  return { current: final, remove: [...remove, { owned: next, cause: "a candidate that is not wanted" }] };
}

/** A candidate that stopped has failed; one of a sandbox that should be stopped is never started. */
function mayGoOn({ container }: OwnedContainer, desired: DesiredSandbox): boolean {
  if (desired.state === "stopped") return container.state === "created";
  return container.state === "created" || isHealthySoFar(container);
}

function isReady({ container }: OwnedContainer, desired: DesiredSandbox): boolean {
  if (desired.state === "stopped") return container.state === "created" || isHealthySoFar(container);
  return isHealthySoFar(container) && container.health !== "starting";
}

function isHealthySoFar({ state, health }: OwnedContainer["container"]): boolean {
  return state === "running" && health !== "unhealthy";
}

/**
 * Whether a container was made from what is desired now, as far as labels, image and networks tell. The labels of a
 * devcontainer count here: they name the commands that ran in a candidate.
 */
function isCurrent(desired: DesiredSandbox, owned: OwnedContainer, live: Live): boolean {
  const image = live.images[desired.spec.image];
  const present = new Set(["", ...live.networks.map(({ id }) => id)]);
  return (
    Object.values(owned.container.networks).every(({ id }) => present.has(id)) &&
    hashMatches("core", owned.container.labels[LABEL.core], desired.spec) &&
    hashMatches("live", owned.container.labels[LABEL.live], desired.spec) &&
    Object.entries(desired.devcontainer?.labels ?? {}).every(([key, value]) => owned.container.labels[key] === value) &&
    (image ? image.id === owned.container.imageId : owned.spec.image === desired.spec.image)
  );
}
