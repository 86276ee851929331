import type { Engine } from "../drivers/engine/engine.ts";
import type { ImageBuild } from "../model/devcontainer/build.ts";

/** What a build is given besides what decides its result. */
export type BuildOptions = {
  /** Labels that tell whose the image is: `BUILD_LABEL.workspace`, `root` and `address`. */
  labels: Record<string, string>;
  /** One line of the builder, without its end. Must not throw. */
  onOutput(line: string): void;
  /** Aborted: the build is given up. */
  signal: AbortSignal;
};

/**
 * Builds an image from files of this host and tags it.
 * @throws DevcError `build-failed`, `image-not-found`, `interrupted`, and what the engine throws
 */
export type BuildImage = (engine: Engine, tag: string, build: ImageBuild, options: BuildOptions) => Promise<void>;
