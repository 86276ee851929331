import type {
  Desired,
  DesiredImage,
  DesiredNetwork,
  DesiredResource,
  DesiredSandbox,
  DesiredVolume,
  Notice,
} from "./desired.ts";
import { resolveDevcontainer } from "./devcontainer/resolve.ts";
import { DevcError } from "./errors.ts";
import type { Issue } from "./errors.ts";
import type { ImageFacts } from "./image-facts.ts";
import type { Manifest, ManifestProject } from "./manifest.ts";
import { addressOf, containerName, volumeName } from "./names.ts";
import { attachment, capabilitySpec, clampLimits, isEmpty, KEEP_ALIVE, mountSpec } from "./sandbox-parts.ts";
import { sortIssues } from "./source.ts";
import type { ContainerSpec, MountSpec, ResourcesSpec } from "./spec.ts";

/** What an engine has: whole CPUs, bytes of memory, and whether it can give GPUs. */
export type EngineCapacity = { cpus: number; memory: number; gpu: boolean };

/** What devcontainer projects are compiled with, besides the manifest; all of it passed in. */
export type Surroundings = {
  /** Local images by reference; null: looked for and not there. Without an engine it is empty, and every image is awaited. */
  images: Readonly<Record<string, ImageFacts | null>>;
  /** The host's environment, for variables in image metadata. */
  localEnv: Readonly<Record<string, string | undefined>>;
  /** The placeholder that stands for a value of the host in specs, labels and plans; the same for equal values. */
  hide(value: string): string;
  /** What a host path leads to; undefined when nothing is there. */
  hostPath(path: string): { real: string; kind: "file" | "directory" | "other" } | undefined;
  /** Why a real host path is never given to a sandbox; undefined when nothing speaks against it. */
  refused(path: string): string | undefined;
};

/** What one project compiles to. */
type Compiled = {
  resources: DesiredResource[];
  notices: Notice[];
  issues: Issue[];
  hostValues: Record<string, string>;
};

/**
 * Compiles a manifest into everything the workspace should have. Pure: equal inputs give equal results.
 * @param engine what the engine has; limits above it are clamped with a notice. Without it nothing is clamped.
 * @param surroundings needed when a project has a devcontainer.json
 * @throws DevcError `manifest-invalid` with all issues of devcontainer.json files that only show now
 */
export function compile(
  { workspace, root, projects }: Manifest,
  engine: EngineCapacity | undefined,
  surroundings?: Surroundings,
): Desired {
  const compiled = projects.map((project) =>
    project.devcontainer
      ? withDevcontainer(workspace, project, engine, surroundings)
      : withoutDevcontainer(workspace, project, engine),
  );
  const issues = compiled.flatMap((each) => each.issues);
  if (issues.length > 0) throw invalid(issues);
  return {
    workspace,
    root,
    projects: projects.map(({ name }) => name),
    resources: compiled.flatMap((each) => each.resources).toSorted((a, b) => (a.address < b.address ? -1 : 1)),
    notices: compiled.flatMap((each) => each.notices),
    hostValues: Object.assign({}, ...compiled.map((each) => each.hostValues)) as Record<string, string>,
  };
}

function invalid(issues: Issue[]): DevcError {
  const [first] = issues as [Issue];
  const message =
    issues.length === 1 ? first.message : `${issues.length} things in devcontainer.json cannot be applied`;
  return new DevcError("manifest-invalid", message, { issues: sortIssues(issues) });
}

function withDevcontainer(
  workspace: string,
  project: ManifestProject,
  engine: EngineCapacity | undefined,
  surroundings: Surroundings | undefined,
): Compiled {
  if (!surroundings)
    throw new Error(`project '${project.name}' has a devcontainer.json and is compiled without surroundings`);
  const { images, sandbox, volumes, settled, ...rest } = resolveDevcontainer(workspace, project, engine, surroundings);
  const networks = settled.network === "open" ? [networkOf(workspace, project)] : [];
  return {
    resources: [...images, ...networks, sandbox, ...volumesOf(workspace, project.name, volumes)],
    notices: [...(settled.network === "allowlist" ? [closedNetwork(project)] : []), ...rest.notices],
    issues: rest.issues,
    hostValues: rest.hostValues,
  };
}

function withoutDevcontainer(
  workspace: string,
  project: ManifestProject,
  engine: EngineCapacity | undefined,
): Compiled {
  const { name, posture } = project;
  const notices = posture.network === "allowlist" ? [closedNetwork(project)] : [];
  const sandbox = sandboxOf(workspace, project, engine, notices);
  const networks = posture.network === "open" ? [networkOf(workspace, project)] : [];
  return {
    resources: [imageOf(project), ...networks, sandbox, ...volumesOf(workspace, name, project.volumes)],
    notices,
    issues: [],
    hostValues: {},
  };
}

function closedNetwork({ name, profile }: ManifestProject): Notice {
  const message = `profile ${profile}: no network until the egress gateway exists`;
  return { code: "closed-network", project: name, message };
}

function imageOf({ name, image }: ManifestProject): DesiredImage {
  return { kind: "image", address: addressOf("image", name), project: name, reference: image };
}

function networkOf(workspace: string, { name }: ManifestProject): DesiredNetwork {
  const address = addressOf("network", name);
  return { kind: "network", address, project: name, name: containerName(workspace, name), spec: { driver: "bridge" } };
}

function volumesOf(workspace: string, project: string, volumes: readonly string[]): DesiredVolume[] {
  return volumes.map((volume) => ({
    kind: "volume",
    address: addressOf("volume", project, volume),
    project,
    name: volumeName(workspace, project, volume),
    spec: { driver: "local" },
  }));
}

function sandboxOf(
  workspace: string,
  project: ManifestProject,
  engine: EngineCapacity | undefined,
  notices: Notice[],
): DesiredSandbox {
  const { name, posture, state, protect } = project;
  const resources = clampLimits(name, posture.resources, engine, notices);
  return {
    kind: "sandbox",
    address: addressOf("sandbox", name),
    project: name,
    name: containerName(workspace, name),
    spec: containerSpec(workspace, project, resources),
    state,
    protect,
  };
}

/**
 * Members are added one by one in canonical order, at every level: then hashing and comparing a spec copies nothing
 * (json.ts, `sorted`).
 */
function containerSpec(workspace: string, project: ManifestProject, resources: ResourcesSpec): ContainerSpec {
  const { name, posture, folder, env, user, runtime, image } = project;
  const mounts = mountSpecs(workspace, project);
  const spec = { capabilities: capabilitySpec(posture.capabilities), ...KEEP_ALIVE } as ContainerSpec;
  if (!isEmpty(env)) spec.env = env;
  spec.hostname = name;
  spec.image = image;
  if (!isEmpty(mounts)) spec.mounts = mounts;
  spec.network = attachment(workspace, name, posture.network);
  if (posture.noNewPrivileges) spec.noNewPrivileges = true;
  if (!isEmpty(resources)) spec.resources = resources;
  if (runtime !== undefined) spec.runtime = runtime;
  if (user !== undefined) spec.user = user;
  if (folder) spec.workdir = folder.target;
  return spec;
}

function mountSpecs(workspace: string, { name, folder, mounts }: ManifestProject): Record<string, MountSpec> {
  const targets = Object.keys(mounts);
  if (folder) targets.push(folder.target);
  const specs: Record<string, MountSpec> = {};
  for (const target of targets.toSorted()) {
    const mount = mounts[target] ?? { source: (folder as { source: string }).source, type: "bind" };
    specs[target] = mountSpec(workspace, name, mount);
  }
  return specs;
}
