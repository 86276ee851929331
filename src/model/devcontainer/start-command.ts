import type { ImageFacts } from "../image-facts.ts";
import { KEEP_ALIVE } from "../sandbox-parts.ts";
import type { ContainerSpec } from "../spec.ts";
import type { MergedDevcontainer } from "./merge-metadata.ts";

/**
 * The sandbox's first command: it stays up until it is stopped, or with `overrideCommand` false it is the image's own (nothing is
 * set). Commands that Features bring run before it, in the same shell.
 * @param facts the image, whose command must be repeated when something runs before it
 */
export function startCommand(
  { overrideCommand, entrypoints = [] }: MergedDevcontainer,
  facts: ImageFacts | undefined,
): Pick<ContainerSpec, "command" | "entrypoint"> {
  const isOwn = overrideCommand === false;
  if (entrypoints.length === 0) return isOwn ? {} : KEEP_ALIVE;
  const [flag, keepAlive] = KEEP_ALIVE.command as [string, string];
  // A stop that comes while an entrypoint runs ends the shell at once. Without arguments `exec` does nothing.
  const script = ["trap 'exit 0' TERM INT", ...entrypoints, ...(isOwn ? ['exec "$@"'] : []), keepAlive].join("\n");
  const words = isOwn ? ["-", ...(facts?.entrypoint ?? []), ...(facts?.command ?? [])] : [];
  return { command: [flag, script, ...words], entrypoint: KEEP_ALIVE.entrypoint };
}
