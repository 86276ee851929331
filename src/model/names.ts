/** Names and addresses. Engine names are computed from the address, never from a current name, so no rename can stack prefixes. */

/** What an address names. `record` marks a container whose limits devc once changed in place (see labels.ts). */
export type ResourceKind = "image" | "volume" | "network" | "sandbox" | "record";

/** `sandbox/web`, `volume/web/cache`: stable identity of a resource inside its workspace. */
export type Address = string;

/** The address of a project's resource; `name` is given for volumes only. */
export function addressOf(kind: ResourceKind, project: string, name?: string): Address {
  return name === undefined ? `${kind}/${project}` : `${kind}/${project}/${name}`;
}

/** Parts of an address; undefined for a text that is not one. */
export function parseAddress(address: string): { kind: ResourceKind; project: string; name?: string } | undefined {
  const match = /^(image|volume|network|sandbox|record)\/([^/]+)(?:\/([^/]+))?$/.exec(address);
  if (!match) return undefined;
  const [, kind, project, name] = match as unknown as [string, ResourceKind, string, string?];
  if ((kind === "volume") !== (name !== undefined)) return undefined;
  return name === undefined ? { kind, project } : { kind, project, name };
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
