import type { Engine } from "../../../src/drivers/engine/engine.ts";

/** What an image made for a test sets on top of its base. */
export type ImageChanges = { labels?: Record<string, string>; env?: Record<string, string>; user?: string };

/** Hands that reach the engine past the driver: what a person or another program does to it. */
export type OutOfBand = {
  pause(containerId: string): Promise<void>;
  /** SIGKILL to the container's first process. */
  kill(containerId: string): Promise<void>;
  /** Makes a local image from another one and gives the reference by which it is found. */
  makeImage(from: string, name: string, changes: ImageChanges): Promise<string>;
  removeImage(reference: string): Promise<void>;
};

/** One engine under contract. */
export type ContractSubject = {
  engine: Engine;
  /** Reference of a local Debian image: `sh`, `sleep`, `cat`, `stty` and `id` are in it; user root, no entrypoint. */
  image: string;
  outOfBand: OutOfBand;
  /** A host folder that exists and that the engine can mount. */
  folder: string;
  /** Whether processes really run. Without it, cases that ask the kernel are left out. */
  real: boolean;
  cleanup(): Promise<void>;
};
