import type { Place } from "./manifest.ts";
import type { MergedProject, MergedResources, Sourced } from "./merge.ts";
import type { ResolvedProfile } from "./resolve-profiles.ts";
import { offsetOf, positionAt } from "./source.ts";

/** Where each value of each project was written: place by dotted path (`env.NODE_ENV`, `resources.memory`), by project. */
export type Origins = Record<string, Record<string, Place>>;

/** The places of a project's values. A value without one comes from the built-in profile or is devc's default. */
export function originsOf(project: MergedProject, profile: ResolvedProfile): Record<string, Place> {
  const places: Record<string, Place> = {};
  for (const key of ["path", "image", "profile", "user", "runtime", "state", "protect"] as const) {
    const sourced = project[key];
    if (sourced) places[key] = placeOf(sourced);
  }
  const resources: MergedResources = { ...profile.resources, ...project.resources };
  for (const [limit, sourced] of Object.entries(resources) as [string, Sourced<number>][]) {
    places[`resources.${limit === "nanoCpus" ? "cpus" : limit}`] = placeOf(sourced);
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
