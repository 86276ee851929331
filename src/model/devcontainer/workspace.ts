import { posix } from "node:path";

import { isInside } from "../refused-paths.ts";
import type { LocatedDevcontainer } from "./located.ts";

/** Where the project's folder appears in the sandbox when the file does not say. */
export type WorkspaceDefaults = {
  /** Host folder that is mounted. */
  source: string;
  target: string;
  /** Folder in the sandbox in which one works. */
  folder: string;
  /** The repository around the project that is not mounted, because it reaches beyond what may be given. */
  leftOut?: string;
};

/**
 * The reference implementation's rule: the repository's root appears at `/workspaces/<its name>` and the project's folder
 * where it lies in it; without a repository the folder itself does. A repository that reaches beyond the boundary stays
 * outside: only the project's folder is mounted, at the path it would have inside, so that paths are the same for all tools.
 * https://containers.dev/implementors/json_reference/#image-or-dockerfile-specific-properties
 */
export function workspaceDefaults({ folder, gitRoot, boundary }: LocatedDevcontainer): WorkspaceDefaults {
  const root = gitRoot ?? folder;
  const target = posix.join("/workspaces", posix.basename(root));
  const inside = posix.join(target, posix.relative(root, folder));
  if (isInside(root, boundary)) return { source: root, target, folder: inside };
  return { source: folder, target: inside, folder: inside, ...(gitRoot === undefined ? {} : { leftOut: gitRoot }) };
}

/** The folder in the sandbox in which one works: the file's, or the default. May hold `${devcontainerId}`. */
export function workspaceFolder(located: LocatedDevcontainer): string {
  return located.config.workspaceFolder ?? workspaceDefaults(located).folder;
}

/**
 * The text of the mount of the project's folder, as `workspaceMount` has it; undefined for none. As in the reference
 * implementation a path with a comma is quoted.
 */
export function workspaceMountText(located: LocatedDevcontainer): string | undefined {
  if (located.config.workspaceMount !== undefined) return located.config.workspaceMount;
  const { source, target } = workspaceDefaults(located);
  const part = (key: string, value: string) => (value.includes(",") ? `"${key}=${value}"` : `${key}=${value}`);
  return `type=bind,${part("source", source)},${part("target", target)}`;
}
