import type { ContainerDetail, Engine, LiveContainer, LiveNetwork, LiveVolume } from "../drivers/engine/engine.ts";
import type { ImageFacts } from "../model/image-facts.ts";
import type { Desired, DesiredSandbox } from "../model/desired.ts";
import { DEVCONTAINER_LABEL } from "../model/devcontainer/labels.ts";
import { hashMatches } from "../model/hash.ts";
import { LABEL } from "../model/labels.ts";
import { parseAddress, recordName } from "../model/names.ts";
import type { Live } from "./live.ts";

/** What the lists of an engine show of a workspace. */
export type Listed = {
  containers: LiveContainer[];
  networks: LiveNetwork[];
  volumes: LiveVolume[];
  devcontainers?: LiveContainer[];
};

/** What an observation may be told. */
export type ObserveOptions = {
  /** Inspect every container. */
  refresh?: boolean;
  /** Images that have been asked for already, by reference; the others are asked for. */
  images?: Readonly<Record<string, ImageFacts | null>>;
  /** Lists that have been made already. */
  listed?: Listed;
};

/**
 * Takes one snapshot of what the engine holds of a workspace, with reads only.
 *
 * Costs three list calls, a fourth when a project has a devcontainer.json, and one image inspect per distinct reference, all
 * at once. Further inspects happen only for containers whose image is not among those, and for containers whose limits devc
 * once changed in place (their labels cannot follow). `refresh` inspects every container and so also sees limits that
 * somebody else changed.
 */
export async function observe(engine: Engine, desired: Desired, options: ObserveOptions = {}): Promise<Live> {
  const asked = options.images ?? {};
  const references = desired.resources.flatMap((r) =>
    r.kind === "image" ? [r.reference, ...(r.build?.bases ?? [])] : [],
  );
  const withDevcontainers = desired.resources.some((r) => r.kind === "sandbox" && r.devcontainer !== undefined);
  const [listed, more] = await Promise.all([
    options.listed ?? listWorkspace(engine, desired.workspace, withDevcontainers),
    inspectImages(
      engine,
      references.filter((reference) => asked[reference] === undefined),
    ),
  ]);
  const images = { ...asked, ...more };
  const known = new Set(Object.values(images).map((image) => image?.id));
  const otherIds = listed.containers.map(({ imageId }) => imageId).filter((id) => !known.has(id));
  const suspects = limitsMayDiffer(desired, listed.volumes);
  const wanted = listed.containers.filter((container) => options.refresh || suspects(container));
  const [others, details] = await Promise.all([inspectImages(engine, otherIds), inspectContainers(engine, wanted)]);
  return { ...listed, images: { ...images, ...others }, details };
}

/**
 * Lists what exists of a workspace, in one round.
 * @param withDevcontainers also the containers of anybody that were made for a devcontainer.json
 */
export async function listWorkspace(engine: Engine, workspace: string, withDevcontainers: boolean): Promise<Listed> {
  const [containers, networks, volumes, devcontainers] = await Promise.all([
    engine.listContainers({ workspace }),
    engine.listNetworks({ workspace }),
    engine.listVolumes({ workspace }),
    withDevcontainers ? engine.listContainers({ label: DEVCONTAINER_LABEL.folder }) : undefined,
  ]);
  return { containers, networks, volumes, ...(devcontainers ? { devcontainers } : {}) };
}

/** Local images by reference or ID, each asked for once; null: not there. */
export async function inspectImages(engine: Engine, names: string[]): Promise<Record<string, ImageFacts | null>> {
  const found = await Promise.all(
    distinct(names).map(async (name) => [name, (await engine.inspectImage(name)) ?? null] as const),
  );
  return Object.fromEntries(found);
}

/** Picks containers whose label cannot be trusted about their limits: recorded as updated in place, or others are wanted. */
function limitsMayDiffer(desired: Desired, volumes: LiveVolume[]): (container: LiveContainer) => boolean {
  const records = new Set(volumes.map(({ name }) => name));
  const sandboxes = new Map(
    desired.resources.filter((r): r is DesiredSandbox => r.kind === "sandbox").map((r) => [r.project, r]),
  );
  return ({ id, labels }) => {
    const project = parseAddress(labels[LABEL.address] ?? "")?.project;
    if (project === undefined) return false;
    if (records.has(recordName(desired.workspace, project, id))) return true;
    const sandbox = sandboxes.get(project);
    return sandbox !== undefined && !hashMatches("live", labels[LABEL.live], sandbox.spec);
  };
}

async function inspectContainers(
  engine: Engine,
  containers: LiveContainer[],
): Promise<Record<string, ContainerDetail>> {
  const found = await Promise.all(containers.map(({ id }) => engine.inspectContainer(id)));
  return Object.fromEntries(found.flatMap((detail) => (detail ? [[detail.container.id, detail]] : [])));
}

function distinct(values: string[]): string[] {
  return [...new Set(values)].toSorted();
}
