import { DevcError } from "../../../model/errors.ts";
import type { ContainerSpec, ResourcesSpec } from "../../../model/spec.ts";
import type { ContainerCreate } from "../engine.ts";
import {
  copyOf,
  checkName,
  conflict,
  findContainer,
  findImage,
  needContainer,
  needNetwork,
  rejected,
  type State,
} from "./state.ts";
import type { MemoryContainer, MemoryImage } from "./types.ts";

/** Smallest memory limit (moby daemon, `linuxMinMemory`), in bytes. */
const MIN_MEMORY = 6 * 1024 ** 2;
/** Exit code of a process ended by SIGKILL. */
const KILLED = 137;
/** Exit code of a process that could not be started. */
const NOT_STARTED = 127;

/** `POST /containers/create`. */
export function createContainer(state: State, request: ContainerCreate): { id: string } {
  checkName(request.name);
  const found = findImage(state, request.imageId);
  if (!found) throw new DevcError("not-found", `no such image: ${request.imageId}`, { subject: request.imageId });
  checkFree(state, request.name);
  checkSpec(state, request.spec);
  const id = state.newId();
  const { network, resources, ...spec } = request.spec;
  const container: MemoryContainer = {
    id,
    name: request.name,
    labels: { ...found.image.labels, ...request.spec.labels, ...request.labels },
    imageId: found.id,
    spec: withDefaults(spec, found.image, id),
    resources: resources ?? {},
    networkMode: network.mode,
    networks: network.mode === "none" ? {} : attachments(state, network.networks),
    anonymousVolumes: [],
    state: "created",
    health: "none",
    process: state.options.process?.(request.spec) ?? found.image.process ?? {},
    createdAt: state.now(),
    exitCode: 0,
    error: "",
    output: [],
  };
  addVolumes(state, container, found.image);
  state.containers.set(id, container);
  announce(state, container, "create");
  return { id };
}

/** `POST /containers/{id}/start`. */
export function startContainer(state: State, id: string): void {
  const container = needContainer(state, id);
  if (container.state === "running" || container.state === "restarting") return;
  if (container.state === "paused") throw conflict(`container ${container.name} is paused, unpause it instead`, id);
  if (container.state === "dead" || container.state === "removing")
    throw conflict(`container is ${container.state}`, id);
  checkBeforeStart(state, container);
  for (const [name, attached] of Object.entries(container.networks)) {
    if (attached.id === "") attached.id = needNetwork(state, name).id;
  }
  const { failsToStart, prints = [], health } = container.process;
  if (failsToStart !== undefined) {
    Object.assign(container, { exitCode: NOT_STARTED, error: failsToStart });
    throw rejected(`container ${container.name} did not start: ${failsToStart}`, id);
  }
  Object.assign(container, { state: "running", startedAt: state.now(), exitCode: 0, error: "" });
  container.health = health ? "starting" : "none";
  container.output.push(...prints);
  announce(state, container, "start");
}

/** `POST /containers/{id}/stop`. */
export function stopContainer(state: State, id: string): void {
  const container = needContainer(state, id);
  if (!isUp(container)) return;
  end(state, container, KILLED);
  announce(state, container, "stop");
}

/** `POST /containers/{id}/unpause`. */
export function unpauseContainer(state: State, id: string): void {
  const container = needContainer(state, id);
  if (container.state !== "paused") throw conflict(`container ${container.name} is not paused`, id);
  container.state = "running";
  announce(state, container, "unpause");
}

/** `DELETE /containers/{id}?force=true&v=true`. */
export function removeContainer(state: State, id: string): void {
  const container = findContainer(state, id);
  if (!container) return;
  if (isUp(container)) end(state, container, KILLED);
  state.containers.delete(container.id);
  for (const name of container.anonymousVolumes) state.volumes.delete(name);
  announce(state, container, "destroy");
}

/** `POST /containers/{id}/rename`. */
export function renameContainer(state: State, id: string, name: string): void {
  const container = needContainer(state, id);
  checkName(name);
  if (container.name === name) throw rejected(`container already has the name ${name}`, id);
  checkFree(state, name);
  container.name = name;
  announce(state, container, "rename");
}

/** `POST /containers/{id}/update`. A cap on memory or CPU cannot be lifted; one on processes can. */
export function updateContainer(state: State, id: string, resources: ResourcesSpec): void {
  const container = needContainer(state, id);
  if (container.state === "dead" || container.state === "removing")
    throw conflict(`container is ${container.state}`, id);
  for (const limit of ["memory", "nanoCpus"] as const) {
    if (container.resources[limit] !== undefined && resources[limit] === undefined) {
      throw rejected(`the ${limit} limit of ${container.name} cannot be lifted in place`, id);
    }
  }
  checkResources(state, resources);
  container.resources = copyOf(resources);
  announce(state, container, "update");
}

/** Lets time pass: processes exit, health checks settle. Called before everything else. */
export function settle(state: State): void {
  const now = state.now();
  for (const container of state.containers.values()) {
    if (container.state !== "running" || container.startedAt === undefined) continue;
    const { exits, health } = container.process;
    const age = now - container.startedAt;
    if (exits && age >= (exits.after ?? 0)) end(state, container, exits.code);
    else if (health && container.health === "starting" && age >= (health.after ?? 0)) {
      container.health = health.becomes;
      announce(state, container, `health_status: ${health.becomes}`);
    }
  }
}

/** Ends the first process and with it every exec. */
export function end(state: State, container: MemoryContainer, exitCode: number): void {
  Object.assign(container, { state: "exited", exitCode, health: container.health === "none" ? "none" : "unhealthy" });
  for (const exec of state.execs.values()) if (exec.containerId === container.id) exec.abort.abort();
  announce(state, container, "die");
}

/** Whether a process of the container exists. */
export function isUp({ state }: MemoryContainer): boolean {
  return state === "running" || state === "paused" || state === "restarting";
}

/** Sends a container event. */
export function announce(state: State, { id, name, labels }: MemoryContainer, action: string): void {
  state.broadcast.send({ kind: "container", action, id, name, labels, time: state.now() });
}

function checkFree(state: State, name: string): void {
  const holder = [...state.containers.values()].find((container) => container.name === name);
  if (holder) throw conflict(`the container name ${name} is in use by container ${holder.id}`, name);
}

function checkSpec(state: State, spec: ContainerSpec): void {
  checkResources(state, spec.resources ?? {});
  if (spec.runtime !== undefined && !(state.options.runtimes ?? []).includes(spec.runtime)) {
    throw rejected(`unknown or invalid runtime name: ${spec.runtime}`, spec.runtime);
  }
  for (const mount of Object.values(spec.mounts ?? {})) if (mount.type === "bind") checkHostPath(state, mount.source);
}

function checkResources(state: State, { memory, nanoCpus, pids }: ResourcesSpec): void {
  if (memory !== undefined && memory < MIN_MEMORY) throw rejected(`minimum memory limit is 6 MiB`, "memory");
  if (nanoCpus !== undefined && (nanoCpus <= 0 || nanoCpus > state.facts.cpus * 1_000_000_000)) {
    throw rejected(`range of CPUs is from 0.01 to ${state.facts.cpus}`, "nanoCpus");
  }
  if (pids !== undefined && pids <= 0) throw rejected("the pids limit must be positive", "pids");
}

function checkHostPath({ options }: State, source: string): void {
  if (options.hostPaths && !options.hostPaths.includes(source)) {
    throw rejected(`bind source path does not exist: ${source}`, source);
  }
}

function checkBeforeStart(state: State, container: MemoryContainer): void {
  if (container.spec.gpus && !state.facts.gpu) throw rejected("could not select a device driver: gpu", container.id);
  for (const [name, { id }] of Object.entries(container.networks)) needNetwork(state, id === "" ? name : id);
  for (const mount of Object.values(container.spec.mounts ?? {})) {
    if (mount.type === "bind") checkHostPath(state, mount.source);
    if (mount.type === "volume" && !state.volumes.has(mount.source)) {
      throw new DevcError("not-found", `no such volume: ${mount.source}`, { subject: mount.source });
    }
  }
}

/** What the request leaves open is the image's; a host name is made from the ID. */
function withDefaults(
  spec: Omit<ContainerSpec, "network" | "resources">,
  image: MemoryImage,
  id: string,
): MemoryContainer["spec"] {
  const { user, workdir, entrypoint, command } = image;
  const env = { ...image.env, ...spec.env };
  return {
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workdir }),
    ...(entrypoint === undefined ? {} : { entrypoint }),
    // An entrypoint of the request takes the image's command out of force (Docker Engine API, container create).
    ...(command === undefined || spec.entrypoint !== undefined ? {} : { command }),
    hostname: id.slice(0, 12),
    ...copyOf(spec),
    ...(Object.keys(env).length > 0 ? { env } : {}),
  };
}

function attachments(
  state: State,
  wanted: Record<string, { aliases?: string[] }>,
): Record<string, { id: string; aliases?: string[] }> {
  const entries = Object.entries(wanted).map(([name, options]) => {
    const id = state.rules.bindsNetworksOnStart ? "" : needNetwork(state, name).id;
    return [name, { id, ...options }] as const;
  });
  return Object.fromEntries(entries);
}

/** Named volumes that nobody made are made without labels; the image's volumes are anonymous. */
function addVolumes(state: State, container: MemoryContainer, image: MemoryImage): void {
  const mounts = { ...container.spec.mounts };
  for (const target of image.volumes ?? []) {
    if (mounts[target]) continue;
    const name = state.newId();
    container.anonymousVolumes.push(name);
    mounts[target] = { type: "volume", source: name };
  }
  for (const mount of Object.values(mounts)) {
    if (mount.type !== "volume" || state.volumes.has(mount.source)) continue;
    state.volumes.set(mount.source, { name: mount.source, driver: "local", labels: {} });
  }
  if (Object.keys(mounts).length > 0) container.spec.mounts = mounts;
}
