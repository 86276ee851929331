import type { EngineCapacity, Surroundings } from "./compile.ts";
import { originsOfDevcontainer } from "./devcontainer/origins.ts";
import type { ProjectOrigins } from "./devcontainer/origins.ts";
import { DEFAULT_PLACE } from "./devcontainer/notes.ts";
import { LIMIT_KEYS, LIMITS } from "./limits.ts";
import type { Manifest, ManifestProject } from "./manifest.ts";

/**
 * Where every value of a project's sandbox comes from, by the keys of an entry where it has them (`env.NAME`, `resources.cpus`,
 * `mounts./target`, `capabilities.NAME`), else by members of the spec.
 * @param places places of the values that are written in files, by the same keys
 */
function originsOfProject(
  workspace: string,
  project: ManifestProject,
  engine: EngineCapacity | undefined,
  surroundings: Surroundings,
  places: Readonly<Record<string, string>>,
): ProjectOrigins {
  const placeOf = (key: string, otherwise: string = DEFAULT_PLACE) =>
    (Object.hasOwn(places, key) ? places[key] : undefined) ?? otherwise;
  const named = volumePlaces(project, placeOf);
  const own = project.devcontainer
    ? originsOfDevcontainer(workspace, project, engine, surroundings, { ...places, ...named })
    : originsOfEntry(project, placeOf);
  const keys = ["profile", "protect", "state", ...(project.devcontainer ? ["hookTimeout"] : [])];
  const entry = Object.fromEntries(keys.map((key) => [key, placeOf(key)]));
  return Object.fromEntries(Object.entries({ ...own, ...named, ...entry }).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

type PlaceOf = (key: string, otherwise?: string) => string;

/** A project without a devcontainer.json. */
function originsOfEntry(project: ManifestProject, placeOf: PlaceOf): ProjectOrigins {
  const { posture, folder, env, mounts } = project;
  const profile = `profile ${project.profile}`;
  const keys = [
    ...(["user", "runtime"] as const).filter((key) => project[key] !== undefined),
    ...Object.keys(env).map((name) => `env.${name}`),
    ...Object.keys(mounts).map((target) => `mounts.${target}`),
  ];
  const limits = LIMITS.filter((limit) => posture.resources[limit] !== undefined).map(
    (limit) => `resources.${LIMIT_KEYS[limit]}`,
  );
  const granted = posture.capabilities.map((name) => `capabilities.${name}`);
  return {
    image: placeOf("image"),
    command: DEFAULT_PLACE,
    hostname: DEFAULT_PLACE,
    network: profile,
    ...(posture.noNewPrivileges ? { noNewPrivileges: profile } : {}),
    ...(folder ? { workdir: placeOf("path"), [`mounts.${folder.target}`]: placeOf("path") } : {}),
    ...Object.fromEntries(keys.map((key) => [key, placeOf(key)])),
    ...Object.fromEntries([...limits, ...granted].map((key) => [key, placeOf(key, profile)])),
  };
}

/** Volumes are written by name and appear by target. */
function volumePlaces({ mounts }: ManifestProject, placeOf: PlaceOf): ProjectOrigins {
  return Object.fromEntries(
    Object.entries(mounts).flatMap(([target, mount]) => {
      const place = mount.type === "volume" ? placeOf(`volumes.${mount.source}`, "") : "";
      return place === "" || placeOf(`mounts.${target}`, "") !== "" ? [] : [[`mounts.${target}`, place]];
    }),
  );
}

/** `originsOfProject` for several projects, by name. */
export function originsOfProjects(
  { workspace, projects }: Manifest,
  engine: EngineCapacity | undefined,
  surroundings: Surroundings,
  places: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Record<string, ProjectOrigins> {
  return Object.fromEntries(
    projects.map((project) => {
      const own = places[project.name] ?? {};
      return [project.name, originsOfProject(workspace, project, engine, surroundings, own)];
    }),
  );
}
