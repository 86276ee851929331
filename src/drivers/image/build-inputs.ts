import type { ImageBuild } from "../../model/devcontainer/build.ts";
import { canonicalJson, sha256 } from "../../model/json.ts";

/** To be raised when the same build would give another image: every image is then built anew. */
const FORMAT = 1;

/** Everything of a build that decides its result and stands in the build itself. */
export type BuildChoices = Pick<
  ImageBuild,
  "args" | "target" | "secrets" | "network" | "labels" | "extraHosts" | "platform"
>;

/**
 * `ImageBuild.inputs`: one hash over the Dockerfile's text, the context's content and the choices. Where a secret is found
 * counts, its value does not; caches and base images do not either.
 * @param context from `hashOfContext`
 */
export function inputsOf(choices: BuildChoices, dockerfile: string, context: string): string {
  const { args, target, secrets, network, labels, extraHosts, platform } = choices;
  const decided = { args, target, secrets, network, labels, extraHosts, platform };
  return sha256(canonicalJson({ format: FORMAT, dockerfile, context, ...decided }));
}
