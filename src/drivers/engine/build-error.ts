import { DevcError } from "../../model/errors.ts";
import type { Step } from "./build-steps.ts";

/** A base image that is not here and cannot be fetched, in the words of BuildKit, Docker's classic builder and Buildah. */
const NO_BASE =
  /failed to resolve source metadata|failed to load cache key|pull access denied|manifest (?:for .* )?(?:unknown|not found)|initializing source|pinging (?:container|docker) registry|failed to do request|no such image|image not known|did not resolve to an alias|No such image|dial tcp/i;

const EXIT_CODE = /(?:exit code:?|exit status|returned a non-zero code:) (\d+)/i;

/** The error of a build that a builder gave up. `words` are the builder's. */
export function buildError(tag: string, { words, step }: { words: string; step?: Step }): DevcError {
  const said = words.trim().replaceAll(/\s*\n\s*/g, " ");
  const name = step?.name.replace(/^\[[^\]]*\] /, "").trim();
  const exitCode = EXIT_CODE.exec(said)?.[1];
  if (exitCode === undefined && NO_BASE.test(said)) {
    const message = `${tag} cannot be built: an image it starts from is not there and cannot be pulled`;
    return new DevcError("image-not-found", message, {
      subject: tag,
      details: [...(name ? [name] : []), said],
      hint: "check the references in the Dockerfile, or make the image locally under that name",
    });
  }
  const tail = (step?.tail ?? []).filter((line) => line.trim() !== "");
  if (name && exitCode !== undefined) {
    return new DevcError("build-failed", `${tag} cannot be built: '${name}' ended with exit code ${exitCode}`, {
      subject: tag,
      details: tail.length > 0 ? tail : [said],
    });
  }
  const where = name ? `'${name}' failed` : "the builder refused";
  return new DevcError("build-failed", `${tag} cannot be built: ${where}: ${plain(said)}`, {
    subject: tag,
    details: [...tail, ...(plain(said) === said ? [] : [said])],
  });
}

/** Without what BuildKit puts before its reason. */
function plain(words: string): string {
  return words.replace(/^failed to solve(?: with frontend [^:]*)?: (?:rpc error: .* desc = )?/, "");
}
