import type { Desired, DesiredResource, Notice } from "./desired.ts";
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

/**
 * Compiles a manifest into everything the workspace should have. Pure: equal inputs give equal results.
 * @param engine what the engine has; limits above it are clamped with a notice. Without it nothing is clamped.
 */
export function compile(manifest: Manifest, engine: EngineCapacity | undefined): Desired {
  const notices: Notice[] = [];
  const resources = manifest.projects.flatMap((project) =>
    compileProject(manifest.workspace, project, engine, notices),
  );
  return {
    workspace: manifest.workspace,
    root: manifest.root,
    projects: manifest.projects.map(({ name }) => name),
    resources: resources.toSorted((a, b) => (a.address < b.address ? -1 : 1)),
    notices,
  };
}

function compileProject(
  workspace: string,
  project: ManifestProject,
  engine: EngineCapacity | undefined,
  notices: Notice[],
): DesiredResource[] {
  const { name, posture, volumes } = project;
  const containerOrNetwork = containerName(workspace, name);
  if (posture.network === "allowlist") notices.push(closedNetwork(project));
  const limits = clamp(project, engine, notices);
  const network: DesiredResource[] =
    posture.network === "open"
      ? [
          {
            kind: "network",
            address: addressOf("network", name),
            project: name,
            name: containerOrNetwork,
            spec: { driver: "bridge" },
          },
        ]
      : [];
  return [
    { kind: "image", address: addressOf("image", name), project: name, reference: project.image },
    ...network,
    {
      kind: "sandbox",
      address: addressOf("sandbox", name),
      project: name,
      name: containerOrNetwork,
      spec: containerSpec(workspace, project, limits),
      state: project.state,
      protect: project.protect,
    },
    ...volumes.map((volume): DesiredResource => ({
      kind: "volume",
      address: addressOf("volume", name, volume),
      project: name,
      name: volumeName(workspace, name, volume),
      spec: { driver: "local" },
    })),
  ];
}

/** Keys are in canonical order at every level (json.ts, `sorted`), so that hashing and comparing a spec copies nothing. */
function containerSpec(workspace: string, project: ManifestProject, resources: ResourcesSpec): ContainerSpec {
  const { name, posture, folder, env, user, runtime } = project;
  const mounts = mountSpecs(workspace, project);
  return {
    capabilities: capabilitySpec(posture),
    ...KEEP_ALIVE,
    ...(isEmpty(env) ? {} : { env }),
    hostname: name,
    image: project.image,
    ...(isEmpty(mounts) ? {} : { mounts }),
    network: attachment(workspace, project),
    ...(posture.noNewPrivileges ? { noNewPrivileges: true as const } : {}),
    ...(isEmpty(resources) ? {} : { resources }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(user === undefined ? {} : { user }),
    ...(folder ? { workdir: folder.target } : {}),
  };
}

function isEmpty(map: object): boolean {
  for (const _key in map) return false;
  return true;
}

function mountSpecs(workspace: string, { name, folder, mounts }: ManifestProject): Record<string, MountSpec> {
  const own = Object.entries(mounts).map(([target, mount]): [string, MountSpec] => {
    return mount.type === "volume"
      ? [target, { ...mount, source: volumeName(workspace, name, mount.source) }]
      : [target, mount];
  });
  if (folder) own.push([folder.target, { source: folder.source, type: "bind" }]);
  return Object.fromEntries(own.toSorted(([a], [b]) => (a < b ? -1 : 1)));
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
function attachment(workspace: string, { name, posture }: ManifestProject): NetworkAttachment {
  if (posture.network !== "open") return { mode: "none" };
  return { mode: "bridge", networks: { [containerName(workspace, name)]: {} } };
}

function closedNetwork({ name, profile }: ManifestProject): Notice {
  const message = `profile ${profile}: no network until the egress gateway exists`;
  return { code: "closed-network", project: name, message };
}

/** Engines refuse more CPUs than they have; more memory than there is would be no limit. */
function clamp(
  { name, posture }: ManifestProject,
  engine: EngineCapacity | undefined,
  notices: Notice[],
): ResourcesSpec {
  const limits = { ...posture.resources };
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
