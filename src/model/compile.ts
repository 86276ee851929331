import type { Desired, DesiredImage, DesiredNetwork, DesiredSandbox, DesiredVolume, Notice } from "./desired.ts";
import type { Manifest, ManifestProject } from "./manifest.ts";
import { addressOf, containerName, volumeName } from "./names.ts";
import type { Posture } from "./profiles.ts";
import type { ContainerSpec, MountSpec, NetworkAttachment, ResourcesSpec } from "./spec.ts";
import { memoryText } from "./units.ts";

/** What an engine has: whole CPUs and bytes of memory. */
export type EngineCapacity = { cpus: number; memory: number };

/**
 * Keeps a sandbox of any image with `/bin/sh` alive: it ends at once on the stop signal, and as process 1 it collects orphans,
 * which every shell does while it waits. Without a `sleep` it ends with an error instead of spinning.
 */
const KEEP_ALIVE = {
  command: ["-c", "trap 'exit 0' TERM INT; while :; do sleep 2147483647 & wait $!; [ $? -ne 127 ] || exit 127; done"],
  entrypoint: ["/bin/sh"],
};

const NANO = 1e9;
/** The kernel counts CPU time in whole microseconds of a period of 100 ms: finer shares would never read back equal. */
const CPU_STEP = 10_000;

/**
 * Compiles a manifest into everything the workspace should have. Pure: equal inputs give equal results.
 * @param engine what the engine has; limits above it are clamped with a notice. Without it nothing is clamped.
 */
export function compile({ workspace, root, projects }: Manifest, engine: EngineCapacity | undefined): Desired {
  const notices: Notice[] = [];
  const resources = [
    ...projects.map(imageOf),
    ...projects.filter(isOpen).map((project) => networkOf(workspace, project)),
    ...projects.map((project) => sandboxOf(workspace, project, engine, notices)),
    ...projects.flatMap((project) => volumesOf(workspace, project)),
  ];
  return {
    workspace,
    root,
    projects: projects.map(({ name }) => name),
    resources: resources.toSorted((a, b) => (a.address < b.address ? -1 : 1)),
    notices,
  };
}

function imageOf({ name, image }: ManifestProject): DesiredImage {
  return { kind: "image", address: addressOf("image", name), project: name, reference: image };
}

function isOpen({ posture }: ManifestProject): boolean {
  return posture.network === "open";
}

function networkOf(workspace: string, { name }: ManifestProject): DesiredNetwork {
  const address = addressOf("network", name);
  return { kind: "network", address, project: name, name: containerName(workspace, name), spec: { driver: "bridge" } };
}

function volumesOf(workspace: string, { name, volumes }: ManifestProject): DesiredVolume[] {
  return volumes.map((volume) => ({
    kind: "volume",
    address: addressOf("volume", name, volume),
    project: name,
    name: volumeName(workspace, name, volume),
    spec: { driver: "local" },
  }));
}

function sandboxOf(
  workspace: string,
  project: ManifestProject,
  engine: EngineCapacity | undefined,
  notices: Notice[],
): DesiredSandbox {
  const { name, profile, posture, state, protect } = project;
  if (posture.network === "allowlist") {
    const message = `profile ${profile}: no network until the egress gateway exists`;
    notices.push({ code: "closed-network", project: name, message });
  }
  return {
    kind: "sandbox",
    address: addressOf("sandbox", name),
    project: name,
    name: containerName(workspace, name),
    spec: containerSpec(workspace, project, clamp(project, engine, notices)),
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
  const spec = { capabilities: capabilitySpec(posture), ...KEEP_ALIVE } as ContainerSpec;
  if (!isEmpty(env)) spec.env = env;
  spec.hostname = name;
  spec.image = image;
  if (!isEmpty(mounts)) spec.mounts = mounts;
  spec.network = attachment(workspace, project);
  if (posture.noNewPrivileges) spec.noNewPrivileges = true;
  if (!isEmpty(resources)) spec.resources = resources;
  if (runtime !== undefined) spec.runtime = runtime;
  if (user !== undefined) spec.user = user;
  if (folder) spec.workdir = folder.target;
  return spec;
}

function isEmpty(map: object): boolean {
  for (const _key in map) return false;
  return true;
}

function mountSpecs(workspace: string, { name, folder, mounts }: ManifestProject): Record<string, MountSpec> {
  const targets = Object.keys(mounts);
  if (folder) targets.push(folder.target);
  const specs: Record<string, MountSpec> = {};
  for (const target of targets.toSorted()) {
    const mount = mounts[target] ?? { source: (folder as { source: string }).source, type: "bind" };
    specs[target] = mount.type === "volume" ? { ...mount, source: volumeName(workspace, name, mount.source) } : mount;
  }
  return specs;
}

/** Always the whole set, so that every engine gives the same whatever its default is. */
function capabilitySpec({ capabilities }: Posture): NonNullable<ContainerSpec["capabilities"]> {
  const known = CAPABILITY_SPECS.get(capabilities);
  if (known) return known;
  const add = Object.fromEntries(capabilities.map((name) => [name, true as const]));
  const spec = capabilities.length > 0 ? { add, drop: { ALL: true as const } } : { drop: { ALL: true as const } };
  CAPABILITY_SPECS.set(capabilities, spec);
  return spec;
}

/** Projects of equal posture share its list, and with it the result. */
const CAPABILITY_SPECS = new WeakMap<Posture["capabilities"], NonNullable<ContainerSpec["capabilities"]>>();

/** Everything that is not open is closed: an allowlist needs the gateway that applies it. */
function attachment(workspace: string, project: ManifestProject): NetworkAttachment {
  if (!isOpen(project)) return { mode: "none" };
  return { mode: "bridge", networks: { [containerName(workspace, project.name)]: {} } };
}

/** Engines refuse more CPUs than they have; more memory than there is would be no limit. */
function clamp(
  { name, posture }: ManifestProject,
  engine: EngineCapacity | undefined,
  notices: Notice[],
): ResourcesSpec {
  const limits = { ...posture.resources };
  if (limits.nanoCpus !== undefined) limits.nanoCpus = Math.floor(limits.nanoCpus / CPU_STEP) * CPU_STEP;
  if (!engine) return limits;
  const note = (message: string) => notices.push({ code: "clamped", project: name, message });
  if (limits.nanoCpus !== undefined && limits.nanoCpus > engine.cpus * NANO) {
    note(`cpus ${limits.nanoCpus / NANO} → ${engine.cpus}: the engine has no more`);
    limits.nanoCpus = engine.cpus * NANO;
  }
  if (limits.memory !== undefined && limits.memory > engine.memory) {
    note(`memory ${memoryText(limits.memory)} → ${memoryText(engine.memory)}: the engine has no more`);
    limits.memory = engine.memory;
  }
  return limits;
}
