import type { EngineCapacity, Surroundings } from "../compile.ts";
import type { DesiredImage, DesiredSandbox, Notice } from "../desired.ts";
import type { Issue } from "../errors.ts";
import { sorted } from "../json.ts";
import type { ManifestProject } from "../manifest.ts";
import { addressOf, containerName } from "../names.ts";
import { readTarget } from "../read-values.ts";
import { applyRunArgs } from "./run-settings.ts";
import { askedByMetadata, readMount } from "./asked.ts";
import type { Asked, Entry } from "./asked.ts";
import { buildReason } from "./build.ts";
import type { DevcontainerConfig, MetadataEntry } from "./config.ts";
import { refuseExceeding } from "./grant.ts";
import { settleSpec } from "./settle-spec.ts";
import type { Settled } from "./settle-spec.ts";
import { hooksSpec } from "./hooks.ts";
import { createHostText } from "./host-text.ts";
import type { HostText } from "./host-text.ts";
import { devcontainerId } from "./id.ts";
import { DEVCONTAINER_LABEL } from "./labels.ts";
import type { LocatedDevcontainer } from "./located.ts";
import { mergeMetadata } from "./merge-metadata.ts";
import type { MergedDevcontainer } from "./merge-metadata.ts";
import { metadataEntryOf, metadataLabel, parseMetadata } from "./metadata.ts";
import type { AskedMount } from "./mount-grammar.ts";
import { createNotes, DEFAULT_PLACE, IMAGE_METADATA } from "./notes.ts";
import type { From, Notes } from "./notes.ts";
import { baseImageOf, mayNeedUidLayer, uidReference } from "./references.ts";
import type { BaseImage } from "./references.ts";
import { remoteSpec } from "./remote.ts";
import { adaptableUser, uidBuild } from "./uid-layer.ts";
import { workspaceDefaults, workspaceFolder } from "./workspace.ts";

/** A devcontainer project whose everything is decided. */
export type ResolvedDevcontainer = {
  images: DesiredImage[];
  sandbox: DesiredSandbox;
  /** Short names of the project's volumes, sorted. */
  volumes: string[];
  notices: Notice[];
  /** With issues the rest must not be applied. */
  issues: Issue[];
  hostValues: Record<string, string>;
  /** For telling where values come from. */
  entries: readonly Entry[];
  merged: MergedDevcontainer;
  asked: Asked;
  settled: Settled;
};

/** What is decided with. */
type Scope = {
  workspace: string;
  project: ManifestProject;
  located: LocatedDevcontainer;
  engine: EngineCapacity | undefined;
  surroundings: Surroundings;
  notes: Notes;
  text: HostText;
  labels: Record<string, string>;
};

/**
 * Makes a devcontainer.json, the metadata of its image and the manifest's entry into a sandbox, inside the project's profile:
 * what exceeds the profile is left out and noted. The manifest's entry wins where both say something.
 * @param project one with a `devcontainer`
 */
export function resolveDevcontainer(
  workspace: string,
  project: ManifestProject,
  engine: EngineCapacity | undefined,
  surroundings: Surroundings,
): ResolvedDevcontainer {
  const scope = scopeOf(workspace, project, engine, surroundings);
  const { located, notes, text } = scope;
  const base = baseImageOf(workspace, project.name, located, surroundings.images);
  const entries = [...imageEntries(base, scope), ownEntry(scope)];
  const config = text.plain(located.raw);
  noteUnused(config, scope);
  const merged = mergeMetadata(
    config,
    entries.map(({ plain }) => plain),
  );
  const asked = askedByMetadata(entries, merged, text, notes);
  applyRunArgs(asked, located.raw.runArgs ?? [], text, surroundings.localEnv, notes);
  refuseExceeding(asked, { project, notes });
  const folder = folderIn(config, scope);
  const mount = workspaceMount(config, scope);
  const settled = settleSpec({ ...scope, asked, merged, facts: base.facts, folder, mount });
  const layer = uidLayer(base, merged, asked, scope);
  return {
    images: [imageOf(project.name, base), ...(layer ? [layer] : [])],
    sandbox: sandboxOf(scope, { entries, merged, settled, folder, base, layer }),
    volumes: settled.volumes,
    notices: notes.notices,
    issues: notes.issues,
    hostValues: text.values,
    entries,
    merged,
    asked,
    settled,
  };
}

function scopeOf(
  workspace: string,
  project: ManifestProject,
  engine: EngineCapacity | undefined,
  surroundings: Surroundings,
): Scope {
  const located = project.devcontainer as LocatedDevcontainer;
  const labels = placeLabels(located);
  const text = createHostText(surroundings, {
    containerWorkspaceFolder: workspaceFolder(located),
    devcontainerId: devcontainerId(labels),
    localWorkspaceFolder: located.folder,
  });
  return { workspace, project, located, engine, surroundings, notes: createNotes(project, located), text, labels };
}

/** Labels by which other tools find the container of a folder and a file; `${devcontainerId}` is made of them. */
function placeLabels({ configPath, folder }: LocatedDevcontainer): Record<string, string> {
  return { [DEVCONTAINER_LABEL.config]: configPath, [DEVCONTAINER_LABEL.folder]: folder };
}

/** What a sandbox is put together from. */
type SandboxParts = Pick<ResolvedDevcontainer, "entries" | "merged" | "settled"> & {
  folder: string;
  base: BaseImage;
  layer: DesiredImage | undefined;
};

function sandboxOf(
  { workspace, project, located, surroundings, text, labels }: Scope,
  { entries, merged, settled, folder, base, layer }: SandboxParts,
): DesiredSandbox {
  const user = project.user === undefined ? merged.remoteUser : undefined;
  const remote = remoteSpec(entries, merged, user, folder, text);
  const hooks = hooksSpec(entries, merged, remote, located.hookTimeoutMs, text);
  const awaits = !base.facts || (layer?.build && buildReason(layer.reference, layer.build, surroundings.images));
  return {
    kind: "sandbox",
    address: addressOf("sandbox", project.name),
    project: project.name,
    name: containerName(workspace, project.name),
    spec: sorted({ ...settled.spec, image: layer?.reference ?? base.reference }),
    state: project.state,
    protect: project.protect,
    devcontainer: {
      labels: { ...labels, [DEVCONTAINER_LABEL.metadata]: metadataLabel(entries.map(({ raw }) => raw)) },
      remote,
      ...(hooks ? { hooks } : {}),
    },
    ...(awaits ? { awaitsImage: true } : {}),
  };
}

function imageOf(project: string, { reference, build }: BaseImage): DesiredImage {
  return { kind: "image", address: addressOf("image", project), project, reference, ...(build ? { build } : {}) };
}

function imageEntries({ facts, reference }: BaseImage, { text, notes }: Scope): Entry[] {
  const { entries, problem } = parseMetadata(facts?.labels[DEVCONTAINER_LABEL.metadata]);
  if (problem !== undefined) notes.notice("image-metadata", `${reference}: ${problem}`);
  return entries.map((raw) => {
    return { raw, plain: text.plain(withoutHostInEntrypoint(raw)), from: () => IMAGE_METADATA };
  });
}

/** Commands of Features become part of the spec, which holds no values of the host; the specification knows only its own variable there. */
function withoutHostInEntrypoint(raw: MetadataEntry): MetadataEntry {
  return raw.entrypoint === undefined
    ? raw
    : { ...raw, entrypoint: raw.entrypoint.replaceAll(/\$\{(local)?[eE]nv:[^}]*\}/g, "") };
}

function ownEntry({ located, text, notes }: Scope): Entry {
  const raw = metadataEntryOf(located.raw);
  return { raw, plain: text.plain(raw), from: (path) => notes.placeOf(path) };
}

/** The folder in which one works, in the sandbox. */
function folderIn(config: DevcontainerConfig, { located, notes, text }: Scope): string {
  const folder = text.plain(workspaceFolder(located));
  const { issue } =
    config.workspaceFolder === undefined ? { issue: undefined } : (readTarget(folder) as { issue?: Issue });
  if (issue) notes.problem(notes.placeOf("workspaceFolder"), issue);
  return folder;
}

/** The mount of the project's folder; nothing for `"workspaceMount": ""`. */
function workspaceMount(config: DevcontainerConfig, { located, notes }: Scope): From<AskedMount> | undefined {
  if (config.workspaceMount !== undefined) {
    if (config.workspaceMount === "") return undefined;
    return readMount(config.workspaceMount, notes.placeOf("workspaceMount"), notes)[0];
  }
  const { source, target, leftOut } = workspaceDefaults(located);
  if (leftOut !== undefined) {
    const message = `the repository ${leftOut} reaches beyond ${located.boundary}: only ${source} is mounted, at ${target}`;
    notes.notice("repository-not-mounted", message);
  }
  return { value: { type: "bind", source, target, beyond: [], ignored: [] }, from: DEFAULT_PLACE };
}

/** The image whose user has the IDs of the folder's owner, when there must be one. */
function uidLayer(
  { facts }: BaseImage,
  merged: MergedDevcontainer,
  asked: Asked,
  { workspace, project, located, notes }: Scope,
): DesiredImage | undefined {
  const { owner } = located;
  if (!facts || !owner || !mayNeedUidLayer(located) || merged.updateRemoteUserUID === false) return undefined;
  const user = adaptableUser(project.user ?? merged.remoteUser ?? asked.user?.value ?? facts.user);
  if (user === undefined) return undefined;
  const build = uidBuild({ base: facts.id, imageUser: facts.user, user, ...owner });
  if (!build) {
    const message = `the user IDs of ${user} stay the image's: its own user is written in a way devc does not repeat`;
    notes.notice("image-metadata", message);
    return undefined;
  }
  const address = addressOf("image", project.name, "uid");
  return { kind: "image", address, project: project.name, reference: uidReference(workspace, project.name), build };
}

/** What the file says and devc does not do. */
function noteUnused({ initializeCommand, appPort }: DevcontainerConfig, { located, notes }: Scope): void {
  for (const { code, message } of located.warnings) notes.notice(code, message);
  for (const { what, path, hint } of located.notGranted) notes.notGranted(what, notes.placeOf(path), hint);
  if (initializeCommand !== undefined) {
    const message = `initializeCommand is not run: it would run on the host (${notes.placeOf("initializeCommand")})`;
    notes.notice("initialize-not-run", message);
  }
  if (appPort !== undefined && !(Array.isArray(appPort) && appPort.length === 0))
    notes.notice("ports-not-published", `appPort is not published yet (${notes.placeOf("appPort")})`);
}
