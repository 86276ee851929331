import { buildReason } from "./build.ts";
import type { ImageBuild } from "./build.ts";
import type { ImageFacts } from "../image-facts.ts";
import type { Manifest, ManifestProject } from "../manifest.ts";
import { imageName } from "../names.ts";
import type { LocatedDevcontainer } from "./located.ts";

/** The image a project's devcontainer.json names or describes, and what is known of it. */
export type BaseImage = {
  reference: string;
  build?: ImageBuild;
  /** Absent when the image is not there, or will be built anew. */
  facts?: ImageFacts;
};

/** The image of a devcontainer project, before a layer of ours. */
export function baseImageOf(
  workspace: string,
  project: string,
  { config, build }: LocatedDevcontainer,
  images: Readonly<Record<string, ImageFacts | null>>,
): BaseImage {
  const reference = build ? builtReference(workspace, project) : (config.image ?? "");
  const facts = (Object.hasOwn(images, reference) ? images[reference] : undefined) ?? undefined;
  const isUsable = facts !== undefined && (!build || buildReason(reference, build, images) === undefined);
  return { reference, ...(build ? { build } : {}), ...(isUsable ? { facts } : {}) };
}

/** Under which tag the image of a project's Dockerfile is built. */
export function builtReference(workspace: string, project: string): string {
  return `${imageName(workspace, project)}:built`;
}

/** Under which tag the image is built whose user has the IDs of the folder's owner. */
export function uidReference(workspace: string, project: string): string {
  return `${imageName(workspace, project)}:uid`;
}

/** Whether the image's user may need other IDs, as far as that can be told without the image. */
export function mayNeedUidLayer({ owner, raw }: LocatedDevcontainer): boolean {
  return owner !== undefined && owner.uid !== 0 && raw.updateRemoteUserUID !== false;
}

/**
 * Every image that must be looked up before `compile` and `plan` can tell what there is to do: those that projects name, those
 * devc builds, and those their Dockerfiles start from. Each once, sorted.
 */
export function imageReferences({ workspace, projects }: Manifest): string[] {
  return [...new Set(projects.flatMap((project) => referencesOf(workspace, project)))].toSorted();
}

function referencesOf(workspace: string, { name, image, devcontainer }: ManifestProject): string[] {
  if (!devcontainer) return [image];
  const { reference, build } = baseImageOf(workspace, name, devcontainer, {});
  const layer = mayNeedUidLayer(devcontainer) ? [uidReference(workspace, name)] : [];
  return [...(reference === "" ? [] : [reference]), ...(build?.bases ?? []), ...layer];
}
