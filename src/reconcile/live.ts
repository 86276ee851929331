import type { ContainerDetail, LiveContainer, LiveNetwork, LiveVolume } from "../drivers/engine/engine.ts";
import type { ImageFacts } from "../model/image-facts.ts";

/** One snapshot of what the engine holds of a workspace: the input of `plan` beside Desired. */
export type Live = {
  containers: LiveContainer[];
  networks: LiveNetwork[];
  volumes: LiveVolume[];
  /** By reference as written; null: looked for and not there. */
  images: Record<string, ImageFacts | null>;
  /** Containers that were inspected, by ID. */
  details: Record<string, ContainerDetail>;
  /** Containers of anybody that say which devcontainer.json they were made for; looked for only when some project has one. */
  devcontainers?: LiveContainer[];
};

/** What an engine without anything of ours holds: the state `plan --offline` plans against. */
export const NOTHING_LIVE: Live = { containers: [], networks: [], volumes: [], images: {}, details: {} };
