/**
 * Labels by which tools for devcontainers find a container and read how it is meant to be used. All of them set and read the
 * same three (reference implementation: src/spec-node/singleContainer.ts, imageMetadata.ts).
 */
export const DEVCONTAINER_LABEL = {
  /** Absolute path of the project's folder on the host. */
  folder: "devcontainer.local_folder",
  /** Absolute path of the devcontainer.json on the host. */
  config: "devcontainer.config_file",
  /** JSON: what the image and the devcontainer.json say, as written. Images have it too. */
  metadata: "devcontainer.metadata",
} as const;
