import { posix } from "node:path";

import type { Surroundings } from "../compile.ts";
import { sha256 } from "../json.ts";
import { MAX_NAME_LENGTH } from "../manifest.ts";
import { isName } from "../read-values.ts";
import { isInside } from "../refused-paths.ts";
import type { MountSpec } from "../spec.ts";
import { never } from "./grant.ts";
import type { Grantor } from "./grant.ts";
import type { LocatedDevcontainer } from "./located.ts";
import type { AskedMount } from "./mount-grammar.ts";
import type { From } from "./notes.ts";

/** Where host paths are looked up. */
export type HostPlaces = { located: LocatedDevcontainer; surroundings: Surroundings };

/**
 * The mounts that are granted, by target; sources of volumes are short names, as in a manifest. What the manifest's entry
 * mounts at the same place wins. A host folder is granted inside of the boundary; elsewhere the manifest must say so.
 */
export function grantMounts(
  asked: readonly From<AskedMount>[],
  places: HostPlaces,
  grantor: Grantor,
): Map<string, From<MountSpec>> {
  const granted = new Map<string, From<MountSpec>>();
  for (const mount of asked) {
    const { target } = mount.value;
    if (grantor.project.mounts[target]) continue;
    const value = grantMount(mount, places, grantor);
    if (value) granted.set(target, { value, from: mount.from });
  }
  return granted;
}

function grantMount(asked: From<AskedMount>, places: HostPlaces, grantor: Grantor): MountSpec | undefined {
  const { value: mount, from } = asked;
  const { notes } = grantor;
  const unused = mount.type === "tmpfs" && mount.readOnly ? [...mount.ignored, "readonly"] : mount.ignored;
  for (const option of unused)
    notes.notice("mount-option-ignored", `'${option}' of the mount at ${mount.target} has no effect (${from})`);
  for (const option of mount.beyond)
    notes.notGranted(`${option} of the mount at ${mount.target}`, from, never(BEYOND[mount.type]));
  const readOnly = mount.readOnly ? { readOnly: true as const } : {};
  if (mount.type === "tmpfs") return { ...(mount.size === undefined ? {} : { size: mount.size }), type: "tmpfs" };
  if (mount.type === "bind") {
    const source = grantHostPath(asked, places, grantor);
    return source === undefined ? undefined : { ...readOnly, source, type: "bind" };
  }
  return mount.beyond.length > 0 ? undefined : { ...readOnly, source: volumeOf(mount), type: "volume" };
}

/** Why options are not granted. A host folder is mounted without them; a volume would be another one, so it is not. */
const BEYOND: Record<AskedMount["type"], string> = {
  bind: "mounts made inside of the sandbox would appear on the host, or the other way round",
  volume: "a volume's driver and options can lead to any folder or device of the host",
  tmpfs: "it leads outside of the mount",
};

/** The real path of a host path that may be mounted. */
function grantHostPath(
  { value: mount, from }: From<AskedMount>,
  { located, surroundings }: HostPlaces,
  { project, notes }: Grantor,
): string | undefined {
  const written = mount.source as string;
  if (!/^[/.]/.test(written)) {
    const expected = "an absolute path; ${localWorkspaceFolder} is the project's folder, ${localEnv:HOME} yours";
    notes.problem(from, { code: "invalid-mount", message: `'${written}' is not a path of the host`, expected });
    return undefined;
  }
  const path = posix.resolve(located.folder, written);
  const real = surroundings.hostPath(path)?.real;
  const why = surroundings.refused(real ?? path);
  if (isInside(real ?? path, located.boundary) && why === undefined) {
    if (real !== undefined) return real;
    const expected = `a file or folder at ${path}; a volume needs no folder: type=volume,source=name,target=${mount.target}`;
    notes.problem(from, { code: "path-missing", message: `there is nothing at ${path} to mount`, expected });
    return undefined;
  }
  const mode = mount.readOnly ? ":ro" : "";
  const line = `projects.${project.name}.mounts: ["${real ?? path}:${mount.target}${mode}"]`;
  notes.notGranted(`host path ${path}`, from, why === undefined ? line : never(why));
  return undefined;
}

/**
 * The short name of the project's volume that stands for one a file names. Volumes of a sandbox are always the project's own,
 * whatever their name: Docker's are shared by everybody on the engine, so a file in a folder the agent writes could
 * name another project's volume, or another person's, and read it. A name that is none in a manifest (`My_Cache`, one with
 * `${devcontainerId}`, longer than 40 characters) is put into that form, with a hash that keeps different names apart; a volume
 * without a name is named by its target, because one that nobody can name again would lose its data at every replacement.
 */
function volumeOf({ source, target }: AskedMount): string {
  const name = source ?? target;
  if (isName(name) && name.length <= MAX_NAME_LENGTH) return name;
  const suffix = `-${sha256(name).slice(0, 8)}`;
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, "-")
    .slice(0, MAX_NAME_LENGTH - suffix.length)
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
  return `${plain === "" ? "volume" : plain}${suffix}`;
}

/** Names of the project's volumes among granted mounts. */
export function volumesIn(mounts: Iterable<From<MountSpec>>): string[] {
  return [...mounts].flatMap(({ value }) => (value.type === "volume" ? [value.source] : []));
}
