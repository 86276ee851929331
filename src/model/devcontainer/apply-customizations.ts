import type { Issue } from "../errors.ts";
import { LIMIT_KEYS, LIMITS } from "../limits.ts";
import type { MergedProject, MergedResources, Sourced } from "../merge.ts";
import type { Posture } from "../profiles.ts";
import { at } from "../resolve-profiles.ts";
import type { ProfileBook } from "../resolve-profiles.ts";
import type { Layer } from "../read-layer.ts";
import { isLimitWithin, isWithin, narrower, narrowerNetwork } from "../tighten.ts";
import { pathText } from "../source.ts";
import { valueAt } from "../structure-issues.ts";
import { CUSTOMIZATIONS_PATH } from "./customizations.ts";
import type { Customizations } from "./customizations.ts";
import type { LocatedDevcontainer } from "./located.ts";

/** A project with its posture decided. */
export type Settled = { project: MergedProject; posture: Posture };

/** The same with what a devcontainer.json asked for, as far as it was given. */
export type Tightened = Settled & { notGranted: LocatedDevcontainer["notGranted"] };

/**
 * Lays `customizations.devc` of a devcontainer.json under the project's entry. The sandbox can write that file, so it may
 * only tighten: a profile that is wider than the manifest's in any dimension, a larger limit and a wider network are not
 * granted. Volumes and the hooks' time limit widen nothing; where the entry has them, the entry's count.
 * @param file number of the devcontainer.json
 * @param base the posture of the manifest's profile alone, without what the project's entry changes in it
 */
export function applyCustomizations(
  { project, posture }: Settled,
  file: number,
  { document, settings, network }: Customizations,
  base: Posture,
  book: ProfileBook,
  note: (issue: Issue) => void,
): Tightened {
  const layer: Layer = { file, document, profiles: {} };
  const sourced = <Value>(value: Value, ...path: string[]): Sourced<Value> => {
    return { value, layer, path: [...CUSTOMIZATIONS_PATH, ...path] };
  };
  const result: Tightened = { project: { ...project }, posture, notGranted: [] };
  const refuse: Refuse = (what, key, hint) => {
    result.notGranted.push({ what, path: pathText([...CUSTOMIZATIONS_PATH, ...key.split(".")]), hint });
  };
  if (settings.profile !== undefined) {
    tightenProfile(result, sourced(settings.profile, "profile"), base, book, note, refuse);
  }
  if (network !== undefined) tightenNetwork(result, network, refuse);
  const limits: MergedResources = {};
  for (const limit of LIMITS) {
    const value = settings.resources[limit];
    if (value !== undefined) limits[limit] = sourced(value, "resources", LIMIT_KEYS[limit]);
  }
  tightenLimits(result, limits, refuse);
  const volumes = Object.entries(settings.volumes).map(([name, target]) => {
    return [name, sourced(target, "volumes", name)] as const;
  });
  result.project.volumes = withVolumes(project, volumes);
  if (settings.hookTimeout !== undefined) {
    result.project.hookTimeout ??= sourced(settings.hookTimeout, "hookTimeout");
  }
  return result;
}

/** `key` is the dotted path below `customizations.devc`. */
type Refuse = (what: string, key: string, hint: string) => void;

function tightenProfile(
  result: Tightened,
  asked: Sourced<string>,
  base: Posture,
  book: ProfileBook,
  note: (issue: Issue) => void,
  refuse: Refuse,
): void {
  const { value: name } = asked;
  const profile = book.get(name);
  if (!profile) {
    const suggestion = book.nearest(name);
    const issue = { code: "unknown-profile", message: `there is no profile '${name}'` };
    // A profile that is declared and could not be resolved has been noted where it stands.
    if (!book.has(name)) note(at(asked, { ...issue, ...(suggestion ? { suggestion } : {}) }));
  } else if (isWithin(profile.posture, base)) {
    result.posture = narrower(result.posture, profile.posture);
    result.project.profile = asked;
  } else {
    refuse(`profile ${name}`, "profile", `projects.${result.project.name}.profile: ${name}`);
  }
}

function tightenNetwork(result: Tightened, asked: "none" | "open", refuse: Refuse): void {
  const { posture, project } = result;
  const network = narrowerNetwork(posture.network, asked);
  if (network === asked) result.posture = { ...posture, network };
  else
    refuse(
      `network ${asked}`,
      "network.mode",
      `projects.${project.name}.profile: permissive, or one of your own with that`,
    );
}

function tightenLimits(result: Tightened, asked: MergedResources, refuse: Refuse): void {
  const { project, posture } = result;
  const granted: MergedResources = {};
  for (const [limit, sourced] of Object.entries(asked) as [keyof MergedResources, Sourced<number>][]) {
    if (isLimitWithin(sourced.value, posture.resources[limit])) {
      granted[limit] = sourced;
      continue;
    }
    const key = sourced.path.at(-1) as string;
    const written = String(valueAt(sourced.layer.document.value, sourced.path));
    refuse(`${key} ${written}`, `resources.${key}`, `projects.${project.name}.resources: { ${key}: ${written} }`);
  }
  const values = Object.entries(granted).map(([limit, { value }]) => [limit, value] as const);
  result.posture = { ...posture, resources: { ...posture.resources, ...Object.fromEntries(values) } };
  result.project.resources = { ...project.resources, ...granted };
}

/** The entry's volumes, and those of the file whose name and target the entry does not use. */
function withVolumes(
  { volumes, mounts }: MergedProject,
  asked: (readonly [string, Sourced<string>])[],
): MergedProject["volumes"] {
  const taken = new Set([
    ...[...volumes.values()].map(({ value }) => value),
    ...mounts.map(({ value }) => value.target),
  ]);
  const free = asked.filter(([name, { value }]) => !volumes.has(name) && !taken.has(value));
  return new Map([...volumes, ...free]);
}
