import { basename, dirname, isAbsolute, join, resolve } from "node:path";

import type {
  DeclaredManifest,
  DeclaredMount,
  DeclaredProject,
  HostPath,
  ManifestProject,
  Place,
} from "../../model/manifest.ts";
import type { Posture } from "../../model/profiles.ts";
import { createRefusals, isInside } from "../../model/refused-paths.ts";
import type { IssueText } from "../../model/source.ts";
import type { MountSpec } from "../../model/spec.ts";
import { errorCodeOf } from "./files.ts";
import type { FileKind, Files } from "./files.ts";
import { expandHome } from "./home.ts";

/** What host paths are looked up with. */
export type PathContext = {
  fs: Files;
  /** Absolute real path of the workspace's folder. */
  root: string;
  home: string;
  /** Real folder of each file, by the index that places carry. */
  folders: string[];
  /** Notes an issue at a place. */
  note(place: Place, issue: IssueText): void;
};

type Checked = { real: string; kind: FileKind };

/** Finds every host path of a manifest on the disk. Those that are missing, leave the workspace or are never given are noted. */
export function findHostPaths({ projects, postures }: DeclaredManifest, context: PathContext): ManifestProject[] {
  const lookup = createLookup(context);
  return projects.map((project) => findPathsOf(project, postures[project.posture] as Posture, context, lookup));
}

/** A path as it is written, made absolute, and what it leads to. */
type Location = { written: string; real: string };
type Lookup = (path: HostPath, what: "folder" | "mount") => Location | undefined;

function findPathsOf(
  project: DeclaredProject,
  posture: Posture,
  { note }: PathContext,
  lookup: Lookup,
): ManifestProject {
  const { folder: declaredFolder, mounts: declaredMounts } = project;
  const mounts: Record<string, MountSpec> = {};
  for (const [target, mount] of Object.entries(declaredMounts)) {
    const found = findMount(mount, lookup);
    if (found) mounts[target] = found;
  }
  const location = declaredFolder && lookup(declaredFolder, "folder");
  if (!declaredFolder || !location) return withPaths(project, posture, mounts);
  const target = `/workspaces/${basename(location.written)}`;
  if (Object.hasOwn(declaredMounts, target)) {
    const message = `the folder of '${project.name}' appears at ${target}, where another mount is`;
    note(declaredFolder.place, { code: "duplicate-target", message, expected: "another target for the mount" });
  }
  return withPaths(project, posture, mounts, { source: location.real, target });
}

function withPaths(
  { folder: _written, ...declared }: DeclaredProject,
  posture: Posture,
  mounts: Record<string, MountSpec>,
  folder?: ManifestProject["folder"],
): ManifestProject {
  return { ...declared, posture, mounts, ...(folder ? { folder } : {}) };
}

function findMount(mount: DeclaredMount, lookup: Lookup): MountSpec | undefined {
  if (mount.type === "tmpfs") return mount;
  const readOnly = mount.readOnly ? { readOnly: true as const } : {};
  if (mount.type === "volume") return { ...readOnly, source: mount.volume, type: "volume" };
  const location = lookup(mount.source, "mount");
  return location && { ...readOnly, source: location.real, type: "bind" };
}

function createLookup(context: PathContext): Lookup {
  const { fs, root, folders, note } = context;
  const realpath = createRealpath(fs);
  const foundHome = tryRealpath(realpath, context.home);
  const whyRefused = createRefusals(typeof foundHome === "object" ? foundHome.real : context.home);
  return ({ text, place }, what) => {
    const refuse = (code: string, message: string, expected?: string): undefined => {
      note(place, { code, message, ...(expected === undefined ? {} : { expected }) });
    };
    const expanded = expandHome(text, context.home);
    if (expanded === undefined)
      return refuse("invalid-path", `'${text}' names the home folder of somebody else`, "~/… for your own");
    const path = resolve(folders[place[0]] as string, expanded);
    const mayLeave = what === "mount" && isAbsolute(expanded);
    const inRoot =
      what === "folder" ? "a folder inside the workspace" : "a path inside the workspace, or an absolute one";
    if (!mayLeave && !isInside(path, root))
      return refuse("path-outside", `'${text}' is outside the workspace ${root}`, inRoot);
    const found = tryRealpath(realpath, path);
    if (typeof found === "string")
      return refuse("unreadable", `'${text}' cannot be read: ${found}`, "a path you may read");
    if (!found)
      return refuse(
        "path-missing",
        `'${text}' does not exist`,
        what === "folder" ? "a folder that exists" : "a path that exists",
      );
    if (!mayLeave && !isInside(found.real, root)) {
      return refuse(
        "path-outside",
        `'${text}' leads through a symbolic link to ${found.real}, outside the workspace`,
        inRoot,
      );
    }
    if (what === "folder" && found.kind !== "directory")
      return refuse("not-a-folder", `'${text}' is not a folder`, "a folder");
    if (found.kind === "device") return refuse("refused-path", `'${text}' is never given to a sandbox: it is a device`);
    const why = whyRefused(found.real) ?? (path === found.real ? undefined : whyRefused(path));
    if (why !== undefined) return refuse("refused-path", `'${text}' is never given to a sandbox: ${why}`);
    return { written: path, real: found.real };
  };
}

type Realpath = (path: string) => Checked | undefined;

/**
 * Real paths with the folders above remembered: neighbours, of which a large workspace has hundreds, cost one `lstat` each
 * instead of one per part of their path.
 */
function createRealpath(fs: Files): Realpath {
  const folders = new Map<string, Checked | undefined>();
  const find = (path: string): Checked | undefined => {
    if (dirname(path) === path) return { real: path, kind: "directory" };
    const folder = findFolder(dirname(path));
    if (folder?.kind !== "directory") return undefined;
    const inFolder = join(folder.real, basename(path));
    const kind = fs.lstat(inFolder)?.kind;
    if (kind === undefined) return undefined;
    if (kind !== "symlink") return { real: inFolder, kind };
    const target = fs.stat(inFolder)?.kind;
    return target === undefined ? undefined : { real: fs.realpath(inFolder), kind: target };
  };
  const findFolder = (path: string): Checked | undefined => {
    if (!folders.has(path)) folders.set(path, find(path));
    return folders.get(path);
  };
  return find;
}

/** The error code instead of an exception when the file system refuses to tell. */
function tryRealpath(realpath: Realpath, path: string): Checked | string | undefined {
  try {
    return realpath(path);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === undefined) throw error;
    return code;
  }
}
