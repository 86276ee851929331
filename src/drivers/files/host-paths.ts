import { basename, isAbsolute, resolve } from "node:path";

import type { LocatedDevcontainer } from "../../model/devcontainer/located.ts";
import type {
  DeclaredDevcontainer,
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
import { attempt } from "./files.ts";
import type { Attempt, Files } from "./files.ts";
import { expandHome } from "./home.ts";
import { createRealPaths } from "./real-paths.ts";
import type { RealPath } from "./real-paths.ts";

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
  /** Finds out what a devcontainer.json means on this host; `folder` is its project's real one. */
  locate(devcontainer: DeclaredDevcontainer, folder: string): LocatedDevcontainer;
};

/** Finds every host path of a manifest on the disk. Those that are missing, leave the workspace or are never given are noted. */
export function findHostPaths({ projects, postures }: DeclaredManifest, context: PathContext): ManifestProject[] {
  const look = createLookup(context);
  return projects.map((project) => {
    const { folder, mounts, posture, devcontainer, ...rest } = project;
    const found: ManifestProject = { ...rest, posture: postures[posture] as Posture, mounts: {} };
    for (const target of Object.keys(mounts)) {
      const mount = findMount(mounts[target] as DeclaredMount, look);
      if (mount) found.mounts[target] = mount;
    }
    const location = folder && look(folder, "folder");
    if (folder && location) {
      if (devcontainer) found.devcontainer = context.locate(devcontainer, location.real);
      else found.folder = placeFolder(project, folder, location, context);
    }
    return found;
  });
}

/** The real folders of all projects that have one which exists. */
export function foldersOf(fs: Files, home: string, files: string[], { projects }: DeclaredManifest): string[] {
  const realPathOf = createRealPaths(fs);
  return projects.flatMap(({ folder }) => {
    const written = folder && absolutePath(folder, home, files);
    const real = written === undefined ? undefined : attempt(() => realPathOf(written)).value?.real;
    return real === undefined ? [] : [real];
  });
}

/** The path as it is written, absolute; undefined for the home folder of somebody else. */
function absolutePath({ text, place }: HostPath, home: string, folders: string[]): string | undefined {
  const expanded = expandHome(text, home);
  return expanded === undefined ? undefined : resolve(folders[place[0]] as string, expanded);
}

/** A path made absolute as it is written, and what it leads to. */
type Location = { written: string; real: string };
type Use = "folder" | "mount";
type Lookup = (path: HostPath, use: Use) => Location | undefined;

function placeFolder(
  { name, mounts }: DeclaredProject,
  { place }: HostPath,
  { written, real }: Location,
  { note }: PathContext,
): { source: string; target: string } {
  const target = `/workspaces/${basename(written)}`;
  if (Object.hasOwn(mounts, target)) {
    const message = `the folder of '${name}' appears at ${target}, where another mount is`;
    note(place, { code: "duplicate-target", message, expected: "another target for the mount" });
  }
  return { source: real, target };
}

/** Members are in canonical order, because mounts become part of a spec. */
function findMount(mount: DeclaredMount, look: Lookup): MountSpec | undefined {
  const { type } = mount;
  if (type === "tmpfs") return mount;
  const source = type === "volume" ? mount.volume : look(mount.source, "mount")?.real;
  if (source === undefined) return undefined;
  return mount.readOnly ? { readOnly: true, source, type } : { source, type };
}

function createLookup(context: PathContext): Lookup {
  const { fs, root, home, folders, note } = context;
  const realPathOf = createRealPaths(fs);
  const realHome = realHomeOf(fs, home);
  const refusals = { inRoot: createRefusals(realHome, root), anywhere: createRefusals(realHome) };
  return (path, use) => {
    const written = absolutePath(path, home, folders);
    const mayLeave = use === "mount" && (isAbsolute(path.text) || path.text.startsWith("~"));
    const found = written === undefined ? { value: undefined } : attempt(() => realPathOf(written));
    const problem =
      outside(path.text, written, root, mayLeave, use) ??
      unusable(path.text, found, use) ??
      outside(path.text, found.value?.real, root, mayLeave, use) ??
      refused(path.text, found.value as RealPath, written as string, mayLeave ? refusals.anywhere : refusals.inRoot);
    if (problem) note(path.place, problem);
    return problem ? undefined : { written: written as string, real: (found.value as RealPath).real };
  };
}

/** The home folder with every link resolved; as it is given where it does not exist. */
export function realHomeOf(fs: Files, home: string): string {
  return attempt(() => fs.realpath(home)).value ?? home;
}

function outside(
  text: string,
  path: string | undefined,
  root: string,
  mayLeave: boolean,
  use: Use,
): IssueText | undefined {
  if (path === undefined) {
    const message = `'${text}' names the home folder of somebody else`;
    return { code: "invalid-path", message, expected: "~/… for your own" };
  }
  if (mayLeave || isInside(path, root)) return undefined;
  const expected =
    use === "folder" ? "a folder inside the workspace" : "a path inside the workspace, or an absolute one";
  return { code: "path-outside", message: `'${text}' leads to ${path}, outside the workspace ${root}`, expected };
}

function unusable(text: string, { value, error }: Attempt<RealPath>, use: Use): IssueText | undefined {
  const expected = use === "folder" ? "a folder that exists" : "a path that exists";
  if (error !== undefined) return { code: "unreadable", message: `'${text}' cannot be read: ${error}`, expected };
  if (!value) return { code: "path-missing", message: `'${text}' does not exist`, expected };
  if (use === "mount" || value.kind === "directory") return undefined;
  return { code: "not-a-folder", message: `'${text}' is not a folder`, expected };
}

/** A link to a refused path is refused, and so is a refused path that is a link to something else. */
function refused(
  text: string,
  { real, kind }: RealPath,
  written: string,
  whyRefused: (path: string) => string | undefined,
): IssueText | undefined {
  const why =
    kind === "device" ? "it is a device" : (whyRefused(real) ?? (real === written ? undefined : whyRefused(written)));
  return why === undefined
    ? undefined
    : { code: "refused-path", message: `'${text}' is never given to a sandbox: ${why}` };
}
