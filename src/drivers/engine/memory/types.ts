import type { Readable, Writable } from "node:stream";

import type { ContainerState, Engine, EngineFacts, ExecRequest, Health } from "../engine.ts";
import type { ErrorCode } from "../../../model/errors.ts";
import type { ContainerSpec, ResourcesSpec } from "../../../model/spec.ts";
import type { MemoryHands } from "./hands.ts";

/** An image of the memory engine, and how containers made from it behave. */
export type MemoryImage = {
  labels?: Record<string, string>;
  env?: Record<string, string>;
  user?: string;
  workdir?: string;
  entrypoint?: string[];
  command?: string[];
  /** Target paths that get an anonymous volume. */
  volumes?: string[];
  process?: MemoryProcess;
};

/** What the first process of a container does; times in milliseconds after its start. */
export type MemoryProcess = {
  /** Exits by itself. */
  exits?: { code: number; after?: number };
  /** The runtime cannot start it: the engine's words. */
  failsToStart?: string;
  /** The image has a health check, which settles so. */
  health?: { becomes: "healthy" | "unhealthy"; after?: number };
  /** Lines it prints when it starts. */
  prints?: string[];
};

/** Where a scripted exec reads and writes. */
export type MemoryExec = {
  request: ExecRequest;
  /** The container's spec with the image's defaults filled in. */
  container: ContainerSpec;
  stdin: Readable;
  stdout: Writable;
  /** The same stream as `stdout` when a terminal was asked for. */
  stderr: Writable;
  /** Size of the terminal as last set. */
  terminal(): { columns: number; rows: number };
  /** Aborts when the container stops. */
  signal: AbortSignal;
};

/** Rules in which real engines differ. */
export type MemoryRules = {
  /** Containers that do not run keep their network from being removed (Podman; on Docker only running ones do). */
  stoppedHoldNetworks: boolean;
  /**
   * An attachment gets its network only when the container runs: until then it is a name, the list shows the ID as "", and a
   * name that nothing has makes the start fail, not the creation (Docker; Podman resolves names at once).
   */
  bindsNetworksOnStart: boolean;
};

/** What a memory engine is made of. */
export type MemoryOptions = {
  /** Milliseconds since the epoch; decides when processes exit and health settles. */
  clock: { now(): number };
  /** Two engines with one seed hand out the same IDs. */
  seed?: string;
  facts?: Partial<EngineFacts>;
  /** Images that are present, by reference. */
  images?: Record<string, MemoryImage>;
  /** What a pull finds, by reference. */
  registry?: Record<string, MemoryImage>;
  /** What a build of a tag gives besides the labels of its request, or the words with which it fails. Default: an empty image. */
  builds?: Record<string, MemoryImage | { failure: string }>;
  /** Host paths that exist; a bind source must be one of them. Absent: every path exists. */
  hostPaths?: string[];
  /** OCI runtimes besides the default. */
  runtimes?: string[];
  rules?: Partial<MemoryRules>;
  /** What a container's first process does; overrides the image's. */
  process?: (spec: ContainerSpec) => MemoryProcess | undefined;
  /** Runs a command and gives its exit status. Default: no output, 0. */
  exec?: (io: MemoryExec) => Promise<number>;
};

/** A call as it was logged. */
export type MemoryCall = { index: number; method: keyof Engine; args: unknown[]; kind: "read" | "mutation" };

/** What goes wrong at a call, before or after it has had its effect. A crash also refuses every later call. */
export type MemoryFault =
  | { when: "before" | "after"; code: Extract<ErrorCode, "engine-unreachable" | "engine-error" | "engine-conflict"> }
  | { when: "before" | "after"; crash: true };

/** The process that was using the engine died: nothing it calls answers any more. */
export class CrashError extends Error {
  override readonly name = "CrashError";
}

/** An engine without a world: real rules, deterministic, everything about it can be asked and broken. */
export interface MemoryEngine extends Engine {
  /** Every call that reached the engine, in order. */
  readonly calls: readonly MemoryCall[];
  /** Calls per method. */
  callCounts(): Partial<Record<keyof Engine, number>>;
  clearCalls(): void;
  /** Decides about each call; undefined removes all faults. */
  setFaults(faultOf: ((call: MemoryCall) => MemoryFault | undefined) | undefined): void;
  /** Awaited before each call takes effect; lets a test decide the order of two clients. */
  setGate(gate: ((call: Omit<MemoryCall, "index">) => Promise<void>) | undefined): void;
  /** While set, a mutation throws. */
  setReadOnly(readOnly: boolean): void;
  /** After a crash: the next process reaches the engine again. */
  revive(): void;
  /** Another client of the same engine, with its own log, gate and faults. */
  client(): MemoryEngine;
  /** A frozen copy of everything the engine holds, without times. */
  snapshot(): MemorySnapshot;
  /** What a person or another program does, past the call log and the faults. */
  readonly hands: MemoryHands;
}

/** A container as the engine keeps it. */
export type MemoryContainer = {
  id: string;
  name: string;
  labels: Record<string, string>;
  imageId: string;
  /** As requested, with the image's defaults filled in; resources as updated. `network` is kept in `networks`. */
  spec: Omit<ContainerSpec, "network" | "resources">;
  resources: ResourcesSpec;
  networkMode: "none" | "bridge";
  /** By network name; the ID is "" until the attachment is bound. */
  networks: Record<string, { id: string; aliases?: string[] }>;
  anonymousVolumes: string[];
  state: ContainerState;
  health: Health;
  process: MemoryProcess;
  createdAt: number;
  startedAt?: number;
  exitCode: number;
  error: string;
  output: string[];
};

/** A network as the engine keeps it. */
export type MemoryNetwork = { id: string; name: string; driver: string; labels: Record<string, string> };
/** A volume as the engine keeps it. */
export type MemoryVolume = { name: string; driver: string; labels: Record<string, string> };

/** What a memory engine holds, for comparison. */
export type MemorySnapshot = {
  containers: Omit<MemoryContainer, "createdAt" | "startedAt" | "process">[];
  networks: MemoryNetwork[];
  volumes: MemoryVolume[];
  /** Image IDs by reference. */
  references: Record<string, string>;
};
