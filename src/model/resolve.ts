import { editCapabilities } from "./capabilities.ts";
import { applyCustomizations } from "./devcontainer/apply-customizations.ts";
import type { Tightened } from "./devcontainer/apply-customizations.ts";
import type { Customizations } from "./devcontainer/customizations.ts";
import { DEFAULT_HOOK_TIMEOUT_MS } from "./devcontainer/located.ts";
import type { DevcontainerDocument } from "./devcontainer/parse.ts";
import type { Issue } from "./errors.ts";
import { canonicalJson, sorted } from "./json.ts";
import { MAX_NAME_LENGTH } from "./manifest.ts";
import type { DeclaredManifest, DeclaredMount, DeclaredProject } from "./manifest.ts";
import type { MergedManifest, MergedProject, Sourced } from "./merge.ts";
import { containerName } from "./names.ts";
import { originsOf, placeOf } from "./origins.ts";
import type { Origins } from "./origins.ts";
import { builtInProfile, DEFAULT_PROFILE } from "./profiles.ts";
import type { Posture } from "./profiles.ts";
import { at, resolveProfiles, withLimits } from "./resolve-profiles.ts";
import type { ProfileBook, ResolvedProfile } from "./resolve-profiles.ts";

/** What the merged files declare. With issues it is incomplete and good for finding further issues only. */
export type Resolved = { declared: DeclaredManifest; origins: Origins; issues: Issue[] };

/** The devcontainer.json of a project's folder. */
export type FoundDevcontainer = {
  /** Its number among the files. */
  file: number;
  /** From the project's folder to it. */
  way: string;
  document: DevcontainerDocument;
  customizations?: Customizations;
};

/** Whether a thing may be there but was left out after an issue of its own: reporting it as missing would mislead. */
export type LeftOut = { profile(name: string): boolean; image: boolean };

/** Names under which the workspace's own helpers are known. */
export const RESERVED_PROJECTS: ReadonlySet<string> = new Set(["gateway"]);

/** Endings of the names of a project's helper containers. */
const HELPER_SUFFIXES = ["-relay", "-ingress"];

/**
 * Decides every value of every project and notes references that lead nowhere and names that collide.
 * @param devcontainers by project: those that are used; `unusable` stands for one that was looked for and noted
 */
export function resolveManifest(
  merged: MergedManifest,
  leftOut: LeftOut,
  devcontainers: ReadonlyMap<string, FoundDevcontainer | "unusable"> = new Map(),
): Resolved {
  const issues: Issue[] = [];
  const note = (issue: Issue) => void issues.push(issue);
  const book = resolveProfiles(merged.profiles, note);
  const workspace = merged.workspace?.value ?? "";
  const projects: DeclaredProject[] = [];
  const postures = createPostureTable();
  const origins: Origins = {};
  for (const project of merged.projects.values()) {
    const found = devcontainers.get(project.name);
    const profile = profileOf(project, book, leftOut, note);
    const settled = settle(project, profile.resolved.posture, found, book, note);
    checkProject(settled.project, found !== undefined || leftOut.image, note);
    const name = settled.project.profile?.value ?? DEFAULT_PROFILE;
    projects.push(declare(settled, name, postures, found));
    const profiles = [book.get(name), profile.resolved].flatMap((one) => (one ? [one.resources] : []));
    origins[project.name] = originsOf(settled.project, profiles, settled.posture.resources);
  }
  for (const issue of collisions(workspace, merged)) note(issue);
  return { declared: { workspace, postures: postures.list, projects }, origins, issues };
}

type Chosen = { name: string; resolved: ResolvedProfile };

function profileOf(project: MergedProject, book: ProfileBook, leftOut: LeftOut, note: (issue: Issue) => void): Chosen {
  const name = project.profile?.value ?? DEFAULT_PROFILE;
  if (project.profile && !book.has(name) && !leftOut.profile(name)) {
    const suggestion = book.nearest(name);
    note(
      at(project.profile, {
        code: "unknown-profile",
        message: `there is no profile '${name}'`,
        ...(suggestion ? { suggestion } : {}),
      }),
    );
  }
  return { name, resolved: book.get(name) ?? strictest() };
}

/** Stands in for a profile with issues, so that the rest of a project can be checked; it is never applied. */
function strictest(): ResolvedProfile {
  return { posture: builtInProfile("strict") as ResolvedProfile["posture"], resources: {} };
}

/** The posture the manifest gives, tightened by the project's devcontainer.json. */
function settle(
  project: MergedProject,
  profile: Posture,
  found: FoundDevcontainer | "unusable" | undefined,
  book: ProfileBook,
  note: (issue: Issue) => void,
): Tightened {
  const edits = project.capabilities.map(({ value }) => value);
  const posture = {
    ...profile,
    resources: withLimits(profile.resources, project.resources),
    capabilities: editCapabilities(profile.capabilities, edits),
  };
  const { image: _unused, ...withoutImage } = project;
  const used = found ? withoutImage : project;
  if (typeof found !== "object" || !found.customizations) return { project: used, posture, notGranted: [] };
  return applyCustomizations({ project: used, posture }, found.file, found.customizations, profile, book, note);
}

function checkProject(project: MergedProject, imageIsElsewhere: boolean, note: (issue: Issue) => void): void {
  const { name, declared, image, mounts, volumes } = project;
  if (RESERVED_PROJECTS.has(name)) {
    note(
      at(
        declared,
        {
          code: "reserved-name",
          message: `'${name}' is the name of a helper of the workspace`,
          expected: "another name",
        },
        "key",
      ),
    );
  }
  if (!image && !imageIsElsewhere) {
    const expected = "an image here or in defaults, or a path to a folder with a devcontainer.json";
    note(at(declared, { code: "missing-key", message: `project '${name}' has no 'image'`, expected }, "key"));
  }
  const taken = new Set<string>();
  for (const mount of [...volumes.values(), ...mounts]) {
    const target = typeof mount.value === "string" ? mount.value : mount.value.target;
    if (taken.has(target))
      note(
        at(mount, {
          code: "duplicate-target",
          message: `something is mounted at ${target} already`,
          expected: "another target",
        }),
      );
    taken.add(target);
  }
}

type PostureTable = { list: Posture[]; indexOf(posture: Posture): number };

function createPostureTable(): PostureTable {
  const indices = new Map<string, number>();
  const list: Posture[] = [];
  return {
    list,
    indexOf(posture) {
      const key = canonicalJson(posture);
      const known = indices.get(key);
      if (known !== undefined) return known;
      indices.set(key, list.length);
      return list.push(sorted(posture)) - 1;
    },
  };
}

/** In canonical order, because the parts become parts of a spec; only the devcontainer.json keeps its own. */
function declare(
  { project, posture, notGranted }: Tightened,
  profile: string,
  postures: PostureTable,
  found: FoundDevcontainer | "unusable" | undefined,
): DeclaredProject {
  const { name, image, user, runtime, path, mounts, volumes, hookTimeout } = project;
  const fromMounts = mounts.flatMap(({ value }) => (value.type === "volume" ? [value.source] : []));
  const declared = [
    ...[...volumes].map(([volume, { value: target }]): [string, DeclaredMount] => [target, { type: "volume", volume }]),
    ...mounts.map((mount): [string, DeclaredMount] => [mount.value.target, declareMount(mount)]),
  ];
  const inOrder = sorted({
    name,
    profile,
    posture: postures.indexOf(posture),
    image: image?.value ?? "",
    state: project.state?.value ?? "running",
    protect: project.protect?.value ?? false,
    env: Object.fromEntries([...project.env].map(([key, { value }]) => [key, value])),
    ...(user ? { user: user.value } : {}),
    ...(runtime ? { runtime: runtime.value } : {}),
    ...(path ? { folder: { text: path.value, place: placeOf(path) } } : {}),
    volumes: [...new Set([...volumes.keys(), ...fromMounts])].toSorted(),
    mounts: Object.fromEntries(declared),
  });
  if (typeof found !== "object") return inOrder;
  const { file, way, document } = found;
  const { config: raw, places } = document;
  const { display } = document.document.source;
  const warnings = document.warnings.map(({ code, message }) => ({ code, message: withoutPrefix(message, display) }));
  const hookTimeoutMs = hookTimeout?.value ?? DEFAULT_HOOK_TIMEOUT_MS;
  return { ...inOrder, devcontainer: { file, way, raw, places, warnings, notGranted, hookTimeoutMs } };
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function declareMount(mount: Sourced<MergedProject["mounts"][number]["value"]>): DeclaredMount {
  const { value } = mount;
  if (value.type === "tmpfs") return { type: "tmpfs", ...(value.size === undefined ? {} : { size: value.size }) };
  const readOnly = value.readOnly ? { readOnly: true as const } : {};
  if (value.type === "volume") return { type: "volume", volume: value.source, ...readOnly };
  return { type: "bind", source: { text: value.source, place: placeOf(mount) }, ...readOnly };
}

/** Names on the engine that two projects would share, also those of helpers a project may get. */
function collisions(workspace: string, { projects }: MergedManifest): Issue[] {
  const owners = new Map<string, string>();
  const issues: Issue[] = [];
  const claim = (name: string, project: MergedProject) => {
    const owner = owners.get(name);
    owners.set(name, owner ?? project.name);
    if (owner === undefined || owner === project.name) return;
    const message = `the name '${project.name}' would give two things the engine name ${name}; project '${owner}' has it`;
    issues.push(
      at(
        project.declared,
        { code: "name-collision", message, expected: `another name, at most ${MAX_NAME_LENGTH} characters` },
        "key",
      ),
    );
  };
  for (const project of projects.values()) {
    const container = containerName(workspace, project.name);
    for (const name of [container, ...HELPER_SUFFIXES.map((suffix) => `${container}${suffix}`)]) claim(name, project);
  }
  return issues;
}
