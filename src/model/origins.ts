import { LIMIT_KEYS, LIMITS } from "./limits.ts";
import type { Place } from "./manifest.ts";
import { SINGLE_KEYS } from "./merge.ts";
import type { MergedProject, MergedResources, Sourced } from "./merge.ts";
import { offsetOf, positionAt } from "./source.ts";
import type { ResourcesSpec } from "./spec.ts";

/** Where each value of each project was written: place by dotted path (`env.NODE_ENV`, `resources.memory`), by project. */
export type Origins = Record<string, Record<string, Place>>;

/**
 * The places of a project's values. A value without one comes from the built-in profile or is devc's default.
 * @param profiles limits of the profiles that took part, the one that counts first
 * @param limits the limits that came of it
 */
export function originsOf(
  project: MergedProject,
  profiles: MergedResources[],
  limits: ResourcesSpec,
): Record<string, Place> {
  const places: Record<string, Place> = {};
  for (const key of SINGLE_KEYS) {
    const sourced = project[key];
    if (sourced) places[key] = placeOf(sourced);
  }
  for (const limit of LIMITS) {
    const candidates = [project.resources, ...profiles].map((resources) => resources[limit]);
    const sourced = candidates.find((candidate) => candidate && candidate.value === limits[limit]);
    if (sourced) places[`resources.${LIMIT_KEYS[limit]}`] = placeOf(sourced);
  }
  for (const [name, sourced] of project.env) places[`env.${name}`] = placeOf(sourced);
  for (const [name, sourced] of project.volumes) places[`volumes.${name}`] = placeOf(sourced);
  for (const sourced of project.mounts) places[`mounts.${sourced.value.target}`] = placeOf(sourced);
  for (const sourced of project.capabilities) {
    for (const name of [...sourced.value.drop, ...sourced.value.add]) places[`capabilities.${name}`] = placeOf(sourced);
  }
  return places;
}

/** The place a value comes from. */
export function placeOf({ layer, path }: Sourced<unknown>): Place {
  const { line, column } = positionAt(layer.document.source, offsetOf(layer.document.marks, path));
  return [layer.file, line, column];
}
