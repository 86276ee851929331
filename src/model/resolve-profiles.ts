import { editCapabilities } from "./capabilities.ts";
import { LIMITS } from "./limits.ts";
import type { Issue } from "./errors.ts";
import type { MergedProfile, MergedResources, Sourced } from "./merge.ts";
import { nearest } from "./nearest.ts";
import { builtInProfile, PROFILES } from "./profiles.ts";
import type { Posture } from "./profiles.ts";
import { issueAt } from "./source.ts";
import type { IssueText } from "./source.ts";
import type { ResourcesSpec } from "./spec.ts";

/** A profile's posture, and which of its limits were written where; built-in ones have no sources. */
export type ResolvedProfile = { posture: Posture; resources: MergedResources };

/** Looks profiles up by name. Undefined when there is none or it could not be resolved. */
export type ProfileBook = {
  get(name: string): ResolvedProfile | undefined;
  /** Whether a name is declared at all, resolvable or not. */
  has(name: string): boolean;
  /** The nearest known name. */
  nearest(name: string): string | undefined;
};

/**
 * Resolves every profile to its complete posture along its `extends`, and notes unknown and circular ones, those without a
 * base, and those that take the name of a built-in one.
 */
export function resolveProfiles(profiles: Map<string, MergedProfile>, note: (issue: Issue) => void): ProfileBook {
  const resolved = new Map<string, ResolvedProfile>();
  const names = [...Object.keys(PROFILES), ...profiles.keys()];
  const nearestName = (name: string) => nearest(name, names);
  const has = (name: string) => builtInProfile(name) !== undefined || profiles.has(name);
  const get = (name: string): ResolvedProfile | undefined => {
    const posture = builtInProfile(name);
    return posture ? { posture, resources: {} } : resolved.get(name);
  };
  for (const name of inOrder(profiles, note)) {
    const profile = profiles.get(name) as MergedProfile;
    const base = profile.extends && get(profile.extends.value);
    if (base) resolved.set(name, onTopOf(base, profile));
  }
  for (const profile of profiles.values()) {
    const issue = nameIssue(profile) ?? baseIssue(profile, has, nearestName);
    if (issue) note(issue);
  }
  return { get, has, nearest: nearestName };
}

/** Names of the profiles, each after the one it extends. Those on or behind a circle are left out and noted once. */
function inOrder(profiles: Map<string, MergedProfile>, note: (issue: Issue) => void): string[] {
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (profile: MergedProfile, way: string[]): boolean => {
    if (state.get(profile.name) === "done") return order.includes(profile.name);
    if (state.get(profile.name) === "open") return false;
    state.set(profile.name, "open");
    const base = profile.extends && profiles.get(profile.extends.value);
    const trail = [...way, profile.name];
    if (base && state.get(base.name) === "open") noteCircle(profile, trail.slice(trail.indexOf(base.name)), note);
    const sound = !base || visit(base, trail);
    state.set(profile.name, "done");
    if (sound) order.push(profile.name);
    return sound;
  };
  for (const profile of profiles.values()) visit(profile, []);
  return order;
}

function noteCircle(profile: MergedProfile, circle: string[], note: (issue: Issue) => void): void {
  const message = `profiles extend each other in a circle: ${[...circle, circle[0]].join(" → ")}`;
  note(
    at(profile.extends as Sourced<string>, {
      code: "profile-cycle",
      message,
      expected: "a chain that ends at a built-in profile",
    }),
  );
}

function nameIssue({ name, declared }: MergedProfile): Issue | undefined {
  if (builtInProfile(name) === undefined) return undefined;
  const issue = {
    code: "reserved-name",
    message: `'${name}' is a built-in profile`,
    expected: "another name that extends it",
  };
  return at(declared, issue, "key");
}

function baseIssue(
  { name, declared, extends: base }: MergedProfile,
  has: (name: string) => boolean,
  nearestName: (name: string) => string | undefined,
): Issue | undefined {
  if (!base) {
    const expected = "extends: strict, moderate, permissive or another profile";
    return at(declared, { code: "missing-key", message: `profile '${name}' has no 'extends'`, expected }, "key");
  }
  if (has(base.value)) return undefined;
  const suggestion = nearestName(base.value);
  return at(base, {
    code: "unknown-profile",
    message: `there is no profile '${base.value}'`,
    ...(suggestion ? { suggestion } : {}),
  });
}

function onTopOf(base: ResolvedProfile, profile: MergedProfile): ResolvedProfile {
  const { posture } = base;
  return {
    posture: {
      network: profile.network?.value ?? posture.network,
      resources: withLimits(posture.resources, profile.resources),
      capabilities: editCapabilities(
        posture.capabilities,
        profile.capabilities.map(({ value }) => value),
      ),
      noNewPrivileges: profile.noNewPrivileges?.value ?? posture.noNewPrivileges,
      gpus: posture.gpus,
    },
    resources: { ...base.resources, ...profile.resources },
  };
}

/** Limits with those of a higher layer laid over them. */
export function withLimits(base: ResourcesSpec, over: MergedResources): ResourcesSpec {
  const limits = { ...base };
  for (const limit of LIMITS) {
    const higher = over[limit];
    if (higher) limits[limit] = higher.value;
  }
  return limits;
}

/** An issue at the place a value comes from. */
export function at({ layer, path }: Sourced<unknown>, issue: IssueText, which?: "key" | "value"): Issue {
  return issueAt(layer.document, path, issue, which);
}
