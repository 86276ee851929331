import type { Duplex, Readable } from "node:stream";

import type { ImageFacts } from "../../model/image-facts.ts";
import type { ContainerSpec, NetworkSpec, ResourcesSpec, VolumeSpec } from "../../model/spec.ts";

/**
 * The container engine as the rest of devc sees it: one method is one step a plan can name. Everything in which engines
 * differ is settled behind it; nothing above it asks which engine it is.
 *
 * All methods throw `DevcError`: `engine-unreachable` when the connection fails or breaks, `not-found` (404),
 * `engine-conflict` (409), `engine-rejected` (400), `engine-error` otherwise. Names and IDs are the engine's own.
 */
export interface Engine {
  /** Where it is, for people: `unix:///var/run/docker.sock`. */
  readonly endpoint: string;

  /** What the engine is and has. Answered from a cache tied to the endpoint's identity unless `fresh`. */
  facts(options?: { fresh?: boolean }): Promise<EngineFacts>;

  /** Containers of all states; with `workspace`, those labelled with it; with `label`, those that have this one at all. One call. */
  listContainers(filter?: { workspace?: string; label?: string }): Promise<LiveContainer[]>;
  listNetworks(filter?: { workspace?: string }): Promise<LiveNetwork[]>;
  listVolumes(filter?: { workspace?: string }): Promise<LiveVolume[]>;
  /** The local image behind a reference or ID; undefined when it is not there. */
  inspectImage(reference: string): Promise<ImageFacts | undefined>;
  /** One container with what only an inspect tells; undefined when it is gone. */
  inspectContainer(id: string): Promise<ContainerDetail | undefined>;
  /** The last lines of a container's output, both streams, oldest first. */
  logTail(id: string, lines: number): Promise<string[]>;

  /** Pulls a reference. Errors: `image-not-found`, `engine-unreachable`. */
  pullImage(reference: string, options: PullOptions): Promise<void>;
  /**
   * Builds an image and tags it; an existing tag moves when the build succeeds. With BuildKit where the engine has it, unless
   * the request is `classic`. Errors: `build-failed` with the failing step and the end of its output, `image-not-found`
   * for a base image that cannot be pulled.
   */
  buildImage(request: ImageBuildRequest): Promise<{ id: string }>;
  /**
   * Removes a tag, and the image with its last one. Idempotent: gone is done. `engine-conflict` while a container uses an image
   * of which this is the last tag.
   */
  removeImage(reference: string): Promise<void>;

  /** Creates, never starts. The name is the atomic reservation: `engine-conflict` when it is taken. */
  createContainer(request: ContainerCreate): Promise<{ id: string }>;
  /** Idempotent: a running container is left alone. */
  startContainer(id: string): Promise<void>;
  /** Sends the stop signal, kills after `graceSeconds`. Idempotent; also ends paused and restarting containers. */
  stopContainer(id: string, options: { graceSeconds: number }): Promise<void>;
  unpauseContainer(id: string): Promise<void>;
  /** Removes with its anonymous volumes, killing it when it runs. Idempotent: gone is done. */
  removeContainer(id: string): Promise<void>;
  renameContainer(id: string, name: string): Promise<void>;
  /**
   * Sets limits in place. `resources` is the complete wanted set; the caller never asks to lift a memory or CPU cap,
   * which engines cannot do in place (field table).
   */
  updateContainer(id: string, resources: ResourcesSpec): Promise<void>;

  createNetwork(request: NamedCreate<NetworkSpec>): Promise<{ id: string }>;
  /** Idempotent: gone is done. `engine-conflict` while containers are attached. */
  removeNetwork(id: string): Promise<void>;
  connectNetwork(networkId: string, containerId: string, options: { aliases?: string[] }): Promise<void>;
  disconnectNetwork(networkId: string, containerId: string): Promise<void>;

  /** Idempotent by name: an existing volume stays as it is. Gives the volume that is there now, which may be somebody else's. */
  createVolume(request: NamedCreate<VolumeSpec>): Promise<LiveVolume>;
  /** Idempotent: gone is done. `engine-conflict` while in use. */
  removeVolume(name: string): Promise<void>;

  /** Runs a command in a running container. `sandbox-not-running` otherwise. */
  exec(containerId: string, request: ExecRequest): Promise<ExecSession>;
  /** Execs that run now in a container. */
  listExecs(containerId: string): Promise<ExecInstance[]>;

  /** Changes as they happen, until `signal` aborts. A doorbell, not a record: events may be lost. */
  events(options: { signal: AbortSignal }): AsyncIterable<EngineEvent>;

  /** Frees connections so that the process can end. */
  close(): void;
}

/** Facts of an engine. `name` and `version` are for people only. */
export type EngineFacts = {
  id: string;
  name: string;
  version: string;
  apiVersion: string;
  /** Whole CPUs the engine has. */
  cpus: number;
  /** Bytes of memory the engine has. */
  memory: number;
  os: string;
  architecture: string;
  /** Whether it can give a container GPUs. */
  gpu: boolean;
};

/** State of a container, one vocabulary for all engines. */
export type ContainerState = "created" | "running" | "paused" | "restarting" | "exited" | "dead" | "removing";

/** `none`: the container has no health check. */
export type Health = "none" | "starting" | "healthy" | "unhealthy";

/** A container as one list call shows it. */
export type LiveContainer = {
  id: string;
  /** Without the leading slash. */
  name: string;
  labels: Record<string, string>;
  /** `sha256:<hex>`. */
  imageId: string;
  state: ContainerState;
  /** Of an inspect; some engines' lists do not tell and then say `none`. */
  health: Health;
  /** Attached networks by name; the pseudo networks `none` and `host` are not in it. */
  networks: Record<string, { id: string }>;
  /**
   * Volumes and host folders by target; `source` is the volume's name or the host path. tmpfs is not in it: some engines
   * do not list it.
   */
  mounts: Record<string, { type: string; source?: string }>;
  /** Milliseconds since the epoch. */
  createdAt: number;
};

/** A network as the list shows it. */
export type LiveNetwork = { id: string; name: string; driver: string; labels: Record<string, string> };

/** A volume as the list shows it. */
export type LiveVolume = { name: string; driver: string; labels: Record<string, string> };

/** What an inspect adds. */
export type ContainerDetail = {
  container: LiveContainer;
  /**
   * The container read back into the normal form, from the truth (cgroups where the engine's own record lies).
   * `env` holds the image's variables too; `image` is the reference label or the image ID.
   */
  spec: ContainerSpec;
  /** When it was created, letter by letter as the engine prints it: other tools note this text. */
  createdText: string;
  /** When it was last started, in the same way; what the engine prints for "never" when it never was. */
  startedText: string;
  exitCode: number;
  /** The engine's own words for a failed start, empty otherwise. */
  error: string;
};

/** A request to create a container from a local image. */
export type ContainerCreate = {
  name: string;
  /** `sha256:…`, never a tag: lists stay pure memory and moved tags are seen. */
  imageId: string;
  labels: Record<string, string>;
  spec: ContainerSpec;
};

/** A request to create a named volume or network. */
export type NamedCreate<Spec> = { name: string; labels: Record<string, string>; spec: Spec };

/** A build for an engine: everything is decided, the context is a stream. */
export type ImageBuildRequest = {
  tag: string;
  /** An uncompressed tar with the Dockerfile in it; opened when the build begins. */
  context: () => Readable;
  /** Path of the Dockerfile in the tar. */
  dockerfile: string;
  args: Record<string, string>;
  target?: string;
  cacheFrom: string[];
  labels: Record<string, string>;
  extraHosts: Record<string, string>;
  network?: "default" | "none";
  platform?: string;
  /** Values for `RUN --mount=type=secret`; only BuildKit and Buildah know them. */
  secrets: Record<string, Uint8Array>;
  classic?: true;
  /** One line of the builder: a step that begins, or output of one. */
  onOutput: (line: string) => void;
  signal?: AbortSignal;
};

/** How a pull reports and stops. */
export type PullOptions = { onProgress: (progress: PullProgress) => void; signal?: AbortSignal };

/** Sum over layers, in bytes; `total` grows while layers are discovered. */
export type PullProgress = { status: string; current: number; total: number };

/** A command to run in a container. */
export type ExecRequest = {
  command: string[];
  user?: string;
  workdir?: string;
  env?: Record<string, string>;
  /** Allocate a terminal; then stderr is part of stdout. */
  tty: boolean;
  /** Keep standard input open for the caller. */
  stdin: boolean;
};

/** A command that runs. Close `stdin` to send end of file. */
export type ExecSession = {
  stdin: Duplex;
  stdout: Readable;
  /** Ends at once when a terminal was asked for. */
  stderr: Readable;
  resize(columns: number, rows: number): Promise<void>;
  /** The command's exit status, after its output has ended. */
  exit: Promise<number>;
};

/** An exec that runs. `pid` is as the engine reports it. */
export type ExecInstance = { id: string; pid: number; command: string[] };

/** One change the engine reported. Removal is `destroy` on every engine. */
export type EngineEvent = {
  kind: "container" | "network" | "volume" | "image";
  action: string;
  id: string;
  name?: string;
  labels: Record<string, string>;
  /** Milliseconds since the epoch. */
  time: number;
};
