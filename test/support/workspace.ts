import type { ContainerState, LiveContainer, LiveNetwork, LiveVolume } from "../../src/drivers/engine/engine.ts";
import type { Desired, DesiredDevcontainer, DesiredResource, DesiredSandbox } from "../../src/model/desired.ts";
import type { ImageBuild } from "../../src/model/devcontainer/build.ts";
import { DEVCONTAINER_LABEL } from "../../src/model/devcontainer/labels.ts";
import type { HookPhase } from "../../src/model/devcontainer/lifecycle.ts";
import type { ImageFacts } from "../../src/model/image-facts.ts";
import { containerLabels, plainLabels } from "../../src/model/labels.ts";
import type { Origin } from "../../src/model/labels.ts";
import { addressOf, containerName, hooksRecordName, recordName, volumeName } from "../../src/model/names.ts";
import type { ContainerSpec } from "../../src/model/spec.ts";
import { NOTHING_LIVE } from "../../src/reconcile/live.ts";
import type { Live } from "../../src/reconcile/live.ts";

/** The workspace that hand-written plans are about. */
export const ORIGIN: Origin = { workspace: "acme", root: "/src/acme", generation: "01GEN", version: "0.1.0" };

/** Image IDs by reference, as the engine of these tests holds them. */
const IMAGES = { "debian:12": "sha256:d12", "debian:13": "sha256:d13" } as const;

/** The parts of a project a test wants to vary. */
export type ProjectOptions = Partial<ContainerSpec> & {
  state?: "running" | "stopped";
  protect?: boolean;
  /** Volume names, mounted under `/data/<name>`. */
  volumes?: string[];
  /** Give it a network of its own. */
  open?: boolean;
  /** Commands of a devcontainer.json by phase; the sandbox then has the labels of one. */
  hooks?: Partial<Record<HookPhase, string[]>>;
  /** The image is built from a Dockerfile; inputs are `i1` unless said otherwise. */
  build?: Partial<ImageBuild>;
  /** A layer on the image, as for the IDs of a user: `image/<project>/uid`. */
  layer?: Partial<ImageBuild>;
  /** The compiler knows nothing of the image. */
  awaitsImage?: true;
};

/** A desired workspace of the given projects. */
export function desiredOf(projects: Record<string, ProjectOptions>): Desired {
  const names = Object.keys(projects).toSorted();
  const resources = names.flatMap((name) => resourcesOf(name, projects[name] ?? {}));
  return {
    workspace: ORIGIN.workspace,
    root: ORIGIN.root,
    projects: names,
    resources: resources.toSorted((a, b) => (a.address < b.address ? -1 : 1)),
    notices: [],
    hostValues: {},
  };
}

function resourcesOf(project: string, options: ProjectOptions): DesiredResource[] {
  const {
    state = "running",
    protect = false,
    volumes = [],
    open = false,
    hooks,
    build,
    layer,
    awaitsImage,
    ...rest
  } = options;
  const { workspace } = ORIGIN;
  const mounts = Object.fromEntries(
    volumes.map((name) => [`/data/${name}`, { type: "volume", source: volumeName(workspace, project, name) } as const]),
  );
  const name = containerName(workspace, project);
  const base = build ? `${name}:built` : (rest.image ?? "debian:12");
  const spec: ContainerSpec = {
    network: open ? { mode: "bridge", networks: { [name]: {} } } : { mode: "none" },
    ...(volumes.length > 0 ? { mounts } : {}),
    ...rest,
    image: layer ? `${name}:uid` : base,
  };
  const address = addressOf("image", project);
  return [
    { kind: "image", address, project, reference: base, ...(build ? { build: buildOf(build) } : {}) },
    ...(layer ? [layerOf(project, `${name}:uid`, layer)] : []),
    ...volumes.map((volume): DesiredResource => {
      const engineName = volumeName(workspace, project, volume);
      return {
        kind: "volume",
        address: addressOf("volume", project, volume),
        project,
        name: engineName,
        spec: { driver: "local" },
      };
    }),
    ...(open
      ? [
          {
            kind: "network" as const,
            address: addressOf("network", project),
            project,
            name,
            spec: { driver: "bridge" as const },
          },
        ]
      : []),
    {
      kind: "sandbox",
      address: addressOf("sandbox", project),
      project,
      name,
      spec,
      state,
      protect,
      ...(awaitsImage ? { awaitsImage } : {}),
      ...(hooks || build ? { devcontainer: devcontainerOf(project, hooks) } : {}),
    },
  ];
}

/** A build with nothing special about it. */
export function buildOf(parts: Partial<ImageBuild> = {}): ImageBuild {
  return {
    context: "/src/acme",
    dockerfile: { path: "Dockerfile" },
    args: {},
    cacheFrom: [],
    secrets: {},
    labels: {},
    extraHosts: {},
    bases: [],
    inputs: "i1",
    ...parts,
  };
}

function layerOf(project: string, reference: string, parts: Partial<ImageBuild>): DesiredResource {
  const build = buildOf({ classic: true, ...parts });
  return { kind: "image", address: addressOf("image", project, "uid"), project, reference, build };
}

function devcontainerOf(project: string, hooks: ProjectOptions["hooks"]): DesiredDevcontainer {
  const entries = Object.entries(hooks ?? {}).map(([phase, commands]) => {
    return [phase, commands.map((command) => ({ command, source: "devcontainer.json" }))];
  });
  const remote = { workdir: "/box", env: {}, userEnvProbe: "none" } as const;
  return {
    labels: {
      [DEVCONTAINER_LABEL.folder]: `/src/acme/${project}`,
      [DEVCONTAINER_LABEL.config]: `/src/acme/${project}/.devcontainer.json`,
      [DEVCONTAINER_LABEL.metadata]: JSON.stringify([hooks ?? {}]),
    },
    remote,
    ...(hooks
      ? { hooks: { phases: Object.fromEntries(entries), remote, timeoutMs: 60_000, waitFor: "postCreate" } }
      : {}),
  };
}

/** The live state after `desired` was applied, with containers named and numbered after their project. */
export function liveOf(
  desired: Desired,
  change: (container: LiveContainer) => Partial<LiveContainer> = () => ({}),
): Live {
  const volumes = desired.resources.flatMap((r): LiveVolume[] => {
    return r.kind === "volume"
      ? [{ name: r.name, driver: "local", labels: plainLabels(ORIGIN, r.address, r.spec) }]
      : [];
  });
  const networks = desired.resources.flatMap((r): LiveNetwork[] => {
    return r.kind === "network"
      ? [{ id: `net-${r.project}`, name: r.name, driver: "bridge", labels: plainLabels(ORIGIN, r.address, r.spec) }]
      : [];
  });
  const containers = desired.resources.flatMap((r): LiveContainer[] => {
    if (r.kind !== "sandbox") return [];
    const container = containerOf(r, { id: `id-${r.project}` });
    return [{ ...container, ...change(container) }];
  });
  return { ...NOTHING_LIVE, containers, networks, volumes, images: imagesPresent() };
}

/** Both images of these tests, present. */
export function imagesPresent(): Live["images"] {
  return Object.fromEntries(Object.entries(IMAGES).map(([ref, id]) => [ref, imageFacts(id)]));
}

/** An image without anything of its own. */
export function imageFacts(id: string, labels: Record<string, string> = {}): ImageFacts {
  return {
    id,
    labels,
    user: "",
    env: {},
    entrypoint: [],
    command: [],
    workdir: "",
    os: "linux",
    architecture: "amd64",
  };
}

/** One container of ours as a list shows it. */
export function containerOf(
  sandbox: DesiredSandbox,
  options: { id: string; name?: string; state?: ContainerState; imageId?: string },
): LiveContainer {
  const { spec } = sandbox;
  const attached = spec.network.mode === "bridge" ? Object.keys(spec.network.networks) : [];
  return {
    id: options.id,
    name: options.name ?? sandbox.name,
    labels: { ...sandbox.devcontainer?.labels, ...containerLabels(ORIGIN, sandbox.address, spec) },
    imageId: options.imageId ?? IMAGES[spec.image as keyof typeof IMAGES],
    state: options.state ?? (sandbox.state === "running" ? "running" : "created"),
    health: "none",
    networks: Object.fromEntries(attached.map((name) => [name, { id: `net-${sandbox.project}` }])),
    mounts: {},
    createdAt: 0,
  };
}

/** The sandbox of a project. */
export function sandboxOf(desired: Desired, project: string): DesiredSandbox {
  const found = desired.resources.find((r): r is DesiredSandbox => r.kind === "sandbox" && r.project === project);
  if (!found) throw new Error(`no sandbox ${project}`);
  return found;
}

/** The record that a container's limits were changed in place. */
export function recordOf(project: string, containerId: string): LiveVolume {
  const labels = plainLabels(ORIGIN, addressOf("record", project), { driver: "local" });
  return { name: recordName(ORIGIN.workspace, project, containerId), driver: "local", labels };
}

/** The note that commands of a container are still to run. */
export function hooksRecordOf(project: string, containerId: string): LiveVolume {
  const labels = plainLabels(ORIGIN, addressOf("hooks", project), { driver: "local" });
  return { name: hooksRecordName(ORIGIN.workspace, project, containerId), driver: "local", labels };
}
