import type { ContainerDetail, Engine, ImageFacts, LiveContainer, LiveVolume } from "../drivers/engine/engine.ts";
import type { Desired, DesiredSandbox } from "../model/desired.ts";
import { hashMatches } from "../model/hash.ts";
import { LABEL } from "../model/labels.ts";
import { parseAddress, recordName } from "../model/names.ts";
import type { Live } from "./live.ts";

/**
 * Takes one snapshot of what the engine holds of a workspace, with reads only.
 *
 * Costs three list calls and one image inspect per distinct reference, all at once. Further inspects happen only for
 * containers whose image is not among those, and for containers whose limits devc once changed in place (their labels
 * cannot follow). `refresh` inspects every container and so also sees limits that somebody else changed.
 */
export async function observe(engine: Engine, desired: Desired, options: { refresh?: boolean } = {}): Promise<Live> {
  const { workspace } = desired;
  const references = distinct(desired.resources.flatMap((r) => (r.kind === "image" ? [r.reference] : [])));
  const [containers, networks, volumes, images] = await Promise.all([
    engine.listContainers({ workspace }),
    engine.listNetworks({ workspace }),
    engine.listVolumes({ workspace }),
    inspectImages(engine, references),
  ]);
  const known = new Set(Object.values(images).map((image) => image?.id));
  const otherIds = distinct(containers.map(({ imageId }) => imageId)).filter((id) => !known.has(id));
  const suspects = limitsMayDiffer(desired, volumes);
  const wanted = containers.filter((container) => options.refresh || suspects(container));
  const [others, details] = await Promise.all([inspectImages(engine, otherIds), inspectContainers(engine, wanted)]);
  return { containers, networks, volumes, images: { ...images, ...others }, details };
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

async function inspectImages(engine: Engine, names: string[]): Promise<Record<string, ImageFacts | null>> {
  const found = await Promise.all(
    names.map(async (name) => [name, (await engine.inspectImage(name)) ?? null] as const),
  );
  return Object.fromEntries(found);
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
