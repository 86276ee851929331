import type { EngineCapacity, Surroundings } from "../compile.ts";
import { LIMIT_KEYS, LIMITS } from "../limits.ts";
import type { ManifestProject } from "../manifest.ts";
import { isLimitWithin } from "../tighten.ts";
import { lastOf } from "./asked.ts";
import { hookKey } from "./hooks.ts";
import { HOOK_PHASES, runsSomething } from "./lifecycle.ts";
import type { LocatedDevcontainer } from "./located.ts";
import { createNotes, DEFAULT_PLACE } from "./notes.ts";
import type { From } from "./notes.ts";
import { resolveDevcontainer } from "./resolve.ts";
import type { ResolvedDevcontainer } from "./resolve.ts";

/** Where a value comes from: `file:line`, `image metadata`, `profile moderate`, `default`. */
export type ProjectOrigins = Record<string, string>;

/**
 * Where every value of a devcontainer project comes from. Keys are those of a manifest's entry where it has them (`env.NAME`,
 * `mounts./target`, `resources.cpus`, `capabilities.NAME`), else members of the spec and of the devcontainer.json (`init`,
 * `ulimits.nofile`, `remoteUser`, `remoteEnv.NAME`, `hooks.onCreate[0]`).
 * @param manifestPlaces places of the manifest's values, by the same keys
 */
export function originsOfDevcontainer(
  workspace: string,
  project: ManifestProject,
  engine: EngineCapacity | undefined,
  surroundings: Surroundings,
  manifestPlaces: Readonly<Record<string, string>> = {},
): ProjectOrigins {
  const resolved = resolveDevcontainer(workspace, project, engine, surroundings);
  const located = project.devcontainer as LocatedDevcontainer;
  const { placeOf } = createNotes(project, located);
  const context: Context = {
    project,
    resolved,
    placeOf,
    hasFolder: located.raw.workspaceFolder !== undefined,
    manifest: (key) => (Object.hasOwn(manifestPlaces, key) ? manifestPlaces[key] : undefined),
    profile: `profile ${project.profile}`,
  };
  return {
    image: placeOf(located.build ? "build" : "image"),
    ...specOrigins(context),
    ...mapOrigins(context),
    ...postureOrigins(context),
    ...remoteOrigins(context),
  };
}

type Context = {
  project: ManifestProject;
  resolved: ResolvedDevcontainer;
  placeOf(path: string): string;
  hasFolder: boolean;
  manifest(key: string): string | undefined;
  profile: string;
};

/** The file that holds a manifest's value whose place is not known. */
const MANIFEST = "devc.yaml";

/** Members of the spec that hold one value. */
function specOrigins({ project, resolved, manifest, placeOf, hasFolder }: Context): ProjectOrigins {
  const { asked, merged, entries, settled } = resolved;
  const { spec } = settled;
  const folder = hasFolder ? placeOf("workspaceFolder") : DEFAULT_PLACE;
  const user = project.user === undefined ? asked.user?.from : (manifest("user") ?? MANIFEST);
  const runtime = project.runtime === undefined ? asked.runtime?.from : (manifest("runtime") ?? MANIFEST);
  const command = lastOf(entries, "overrideCommand", merged.overrideCommand)?.from;
  const origins: Record<string, string | undefined> = {
    command: merged.entrypoints ? lastOf(entries, "entrypoint", merged.entrypoints.at(-1))?.from : command,
    hostname: asked.hostname?.from,
    init: asked.init?.from,
    gpus: asked.gpus?.from,
    readOnlyRoot: asked.readOnlyRoot?.from,
    runtime,
    shmSize: asked.shmSize?.from,
    stopSignal: asked.stopSignal?.from,
    user,
    workdir: asked.workdir?.from ?? folder,
  };
  const present = Object.entries(origins).filter(([key]) => key === "command" || key in spec);
  return Object.fromEntries(present.map(([key, place]) => [key, place ?? DEFAULT_PLACE]));
}

/** Members of the spec that are maps. */
function mapOrigins({ project, resolved, manifest }: Context): ProjectOrigins {
  const { asked, settled } = resolved;
  const origins: ProjectOrigins = {};
  const add = (name: string, map: Record<string, From<unknown>>) => {
    for (const [key, { from }] of Object.entries(map)) origins[`${name}.${key}`] = from;
  };
  add("env", asked.env);
  add("extraHosts", asked.extraHosts);
  add("groups", asked.groups);
  add("labels", asked.labels);
  add("mounts", Object.fromEntries(settled.mounts));
  add("ulimits", asked.ulimits);
  for (const name of Object.keys(asked.ulimits)) {
    if (!settled.spec.ulimits?.[name]) delete origins[`ulimits.${name}`];
  }
  for (const key of [...keysOf("env", project.env), ...keysOf("mounts", project.mounts)])
    origins[key] = manifest(key) ?? MANIFEST;
  return origins;
}

function keysOf(name: string, map: object): string[] {
  return Object.keys(map).map((key) => `${name}.${key}`);
}

/** What the profile decides. */
function postureOrigins({ project, resolved, manifest, profile }: Context): ProjectOrigins {
  const { asked, settled } = resolved;
  const { posture } = project;
  const closed = asked.networks.find(({ value }) => value === "none");
  const origins: ProjectOrigins = { network: closed?.from ?? profile };
  for (const name of Object.keys(settled.spec.capabilities?.add ?? {}))
    origins[`capabilities.${name}`] = manifest(`capabilities.${name}`) ?? profile;
  for (const limit of LIMITS) {
    if (settled.spec.resources?.[limit] === undefined) continue;
    const name = LIMIT_KEYS[limit];
    const wanted = asked.limits[limit];
    const isAsked = wanted && Number.isFinite(wanted.value) && isLimitWithin(wanted.value, posture.resources[limit]);
    origins[`resources.${name}`] = isAsked ? wanted.from : (manifest(`resources.${name}`) ?? profile);
  }
  if (settled.spec.noNewPrivileges) {
    const asker = asked.securityOpt.find(({ value }) => value.startsWith("no-new-privileges"));
    origins["noNewPrivileges"] = posture.noNewPrivileges ? profile : (asker?.from ?? profile);
  }
  return origins;
}

/** How one enters, and the hooks. */
function remoteOrigins({ project, resolved, manifest, placeOf, hasFolder }: Context): ProjectOrigins {
  const { entries, merged } = resolved;
  const { user } = project;
  const origins: ProjectOrigins = { workspaceFolder: hasFolder ? placeOf("workspaceFolder") : DEFAULT_PLACE };
  const own = user === undefined ? lastOf(entries, "remoteUser", merged.remoteUser)?.from : undefined;
  origins["remoteUser"] = user === undefined ? (own ?? DEFAULT_PLACE) : (manifest("user") ?? MANIFEST);
  for (const key of ["userEnvProbe", "waitFor", "updateRemoteUserUID"] as const)
    origins[key] = lastOf(entries, key, merged[key])?.from ?? DEFAULT_PLACE;
  for (const { raw, from } of entries) {
    for (const name of Object.keys(raw.remoteEnv ?? {})) origins[`remoteEnv.${name}`] = from(`remoteEnv.${name}`);
  }
  for (const phase of HOOK_PHASES) {
    const places = entries
      .filter(({ raw }) => runsSomething(raw[hookKey(phase)]))
      .map(({ from }) => from(hookKey(phase)));
    for (const [index, place] of places.entries()) origins[`hooks.${phase}[${index}]`] = place;
  }
  return origins;
}
