import { sha256 } from "./json.ts";

/** Names and addresses. Engine names are computed from the address, never from a current name, so no rename can stack prefixes. */

/**
 * What an address names. `record` marks a container whose limits devc once changed in place (see labels.ts), `hooks` one in
 * which commands of its devcontainer.json have not all succeeded since it was started.
 */
export type ResourceKind = "image" | "volume" | "network" | "sandbox" | "record" | "hooks";

/** `sandbox/web`, `volume/web/cache`: stable identity of a resource inside its workspace. */
export type Address = string;

/** The address of a project's resource; `name` is given for volumes, and for images made from the project's own (`uid`). */
export function addressOf(kind: ResourceKind, project: string, name?: string): Address {
  return name === undefined ? `${kind}/${project}` : `${kind}/${project}/${name}`;
}

/** Kinds of which a project has several. */
const NAMED_KINDS: ReadonlySet<ResourceKind> = new Set(["image", "volume"]);

/** Parts of an address; undefined for a text that is not one. */
export function parseAddress(address: string): { kind: ResourceKind; project: string; name?: string } | undefined {
  const match = /^(image|volume|network|sandbox|record|hooks)\/([^/]+)(?:\/([^/]+))?$/.exec(address);
  if (!match) return undefined;
  const [, kind, project, name] = match as unknown as [string, ResourceKind, string, string?];
  if (name === undefined ? kind === "volume" : !NAMED_KINDS.has(kind)) return undefined;
  return name === undefined ? { kind, project } : { kind, project, name };
}

/** Parts of an image's name as the distribution project's reference grammar has them, without slashes. */
const IMAGE_NAME = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;

/**
 * Repository name of the images devc builds for a project, without a tag. Names may hold signs in a row that an image's may
 * not (`a-_b`): then they are put into dashes, and a hash keeps the names apart.
 */
export function imageName(workspace: string, project: string): string {
  const name = containerName(workspace, project);
  if (IMAGE_NAME.test(name)) return name;
  return `${name.replaceAll(/[^a-z0-9]+/g, "-")}-${sha256(name).slice(0, 8)}`;
}

/** Container, network and pod name of a project. */
export function containerName(workspace: string, project: string): string {
  return `devc-${workspace}-${project}`;
}

/** The candidate of a replacement. Project names hold no dot, so this can never be another project's name. */
export function candidateName(name: string): string {
  return `${name}.next`;
}

/** The former container while a replacement commits. */
export function formerName(name: string): string {
  return `${name}.prev`;
}

/** Engine name of a project's volume. */
export function volumeName(workspace: string, project: string, volume: string): string {
  return `${containerName(workspace, project)}.${volume}`;
}

/** Engine name of the record of an in-place update: it carries the container's ID, so a new container starts without one. */
export function recordName(workspace: string, project: string, containerId: string): string {
  return `${containerName(workspace, project)}.updated-${containerId.slice(0, 12)}`;
}

/** Engine name of the note that commands of a container's devcontainer.json are still to run; it carries the container's ID. */
export function hooksRecordName(workspace: string, project: string, containerId: string): string {
  return `${containerName(workspace, project)}.hooks-${containerId.slice(0, 12)}`;
}
