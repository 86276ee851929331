import type { PLANNING } from "./common.ts";
import type { OptionValues } from "./options.ts";
import type { PlanRequest } from "./prepare.ts";

/** The request the flags of a command stand for. */
export function requestOf(
  given: OptionValues<typeof PLANNING>,
  asked: { projects?: string[]; destroy?: boolean } = {},
): PlanRequest {
  const projects = [...new Set([...given.project, ...(asked.projects ?? [])])].toSorted();
  return {
    ...(projects.length > 0 ? { projects } : {}),
    pruneVolumes: given["prune-volumes"],
    ...(given["allow-delete"] === undefined ? {} : { allowDelete: given["allow-delete"] }),
    refresh: given.refresh,
    destroy: asked.destroy ?? false,
  };
}
