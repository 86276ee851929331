import { DevcError } from "../../model/errors.ts";
import type { ContainerSpec, MountSpec, ResourcesSpec } from "../../model/spec.ts";
import { differenceFromDefault } from "./capabilities.ts";
import { hostLines, tmpfsOptions } from "./create-body.ts";
import type { ContainerCreate } from "./engine.ts";
import { signalNumber } from "./signals.ts";

/** Microseconds of the period in which a CPU quota is counted; the kernel's default. */
export const CPU_PERIOD = 100_000;

/**
 * Body of POST /libpod/containers/create (Podman's SpecGenerator). Podman's Docker-compatible create is not used: it
 * makes missing host folders, gives a umask of 0000, and passes on the proxy variables of the engine's own environment.
 * @param defaults capabilities of a container that asks for nothing
 * @returns JSON text: an absent limit is a number that JavaScript cannot hold
 */
export function podmanSpec(request: ContainerCreate, defaults: string[]): string {
  const body = { ...basics(request, defaults), ...further(request.spec) };
  const text = JSON.stringify(body);
  const limits = Object.entries(request.spec.ulimits ?? {}).map(([name, limit]) => ulimitText(name, limit));
  // A list that is there, even an empty one, makes Podman set limits of its own beside it.
  return limits.length > 0 ? `${text.slice(0, -1)},"r_limits":[${limits.join()}]}` : text;
}

function basics({ name, imageId, labels, spec }: ContainerCreate, defaults: string[]): object {
  const { entrypoint, command, env, user, workdir, hostname } = spec;
  const { add, drop } = differenceFromDefault(spec.capabilities, defaults);
  const mounts = Object.entries(spec.mounts ?? {});
  return {
    name,
    image: imageId,
    // What the person asks for never takes the place of a label that says whose the container is.
    labels: { ...spec.labels, ...labels },
    ...(entrypoint ? { entrypoint } : {}),
    ...(command ? { command } : {}),
    ...(env ? { env } : {}),
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { work_dir: workdir }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(spec.noNewPrivileges ? { no_new_privileges: true } : {}),
    cap_add: add,
    cap_drop: drop,
    mounts: mounts.flatMap(([target, mount]) => podmanMount(target, mount)),
    volumes: mounts.flatMap(([target, mount]) => podmanVolume(target, mount)),
    image_volume_mode: "anonymous",
    resource_limits: podmanLimits(spec.resources ?? {}),
    ...attachments(spec),
    umask: "0022",
    systemd: "false",
    init: spec.init ?? false,
    restart_policy: "no",
  };
}

function further({ gpus, shmSize, extraHosts, groups, stopSignal, readOnlyRoot }: ContainerSpec): object {
  return {
    // As the Container Device Interface names them (https://github.com/cncf-tags/container-device-interface).
    ...(gpus === undefined ? {} : { devices: [{ path: "nvidia.com/gpu=all" }] }),
    ...(shmSize === undefined ? {} : { shm_size: shmSize }),
    ...(extraHosts ? { hostadd: hostLines(extraHosts) } : {}),
    ...(groups ? { groups: Object.keys(groups) } : {}),
    ...(stopSignal === undefined ? {} : { stop_signal: signalOf(stopSignal) }),
    ...(readOnlyRoot ? { read_only_filesystem: true } : {}),
  };
}

/** @throws DevcError `engine-rejected` as Docker does: Podman takes numbers only, and any number */
function signalOf(text: string): number {
  const number = signalNumber(text);
  if (number !== undefined) return number;
  throw new DevcError("engine-rejected", `there is no signal ${text}`, { subject: text });
}

/** The kernel's "no limit" is the largest number of 64 bits; the Engine API calls it -1. */
function ulimitText(name: string, { soft, hard }: { soft: number; hard: number }): string {
  const text = (value: number) => (value < 0 ? "18446744073709551615" : String(value));
  return `{"type":${JSON.stringify(name)},"soft":${text(soft)},"hard":${text(hard)}}`;
}

/** Limits in the form of the OCI runtime specification (`linux.resources`), complete: what is absent would be reset. */
export function podmanLimits({ memory, nanoCpus, pids }: ResourcesSpec): object {
  return {
    ...(memory === undefined ? {} : { memory: { limit: memory, swap: memory } }),
    ...(nanoCpus === undefined ? {} : { cpu: { quota: quotaOf(nanoCpus), period: CPU_PERIOD } }),
    pids: { limit: pids ?? -1 },
  };
}

/** Microseconds of CPU per period. Finer than 10,000 billionths of a CPU cannot be said. */
export function quotaOf(nanoCpus: number): number {
  return Math.round((nanoCpus * CPU_PERIOD) / 1e9);
}

function podmanMount(target: string, mount: MountSpec): object[] {
  if (mount.type === "volume") return [];
  if (mount.type === "tmpfs") {
    return [{ type: "tmpfs", destination: target, options: [...tmpfsOptions(mount.size), "notmpcopyup"] }];
  }
  // What is mounted below a read-only folder stays writable: it is left out instead.
  const options = mount.readOnly ? ["bind", "ro"] : ["rbind", "rw"];
  return [{ type: "bind", source: mount.source, destination: target, options }];
}

function podmanVolume(target: string, mount: MountSpec): object[] {
  if (mount.type !== "volume") return [];
  return [{ Name: mount.source, Dest: target, Options: [mount.readOnly ? "ro" : "rw"] }];
}

function attachments({ network }: ContainerSpec): object {
  if (network.mode === "none") return { netns: { nsmode: "none" } };
  const networks = Object.entries(network.networks).map(([name, { aliases }]) => [name, aliases ? { aliases } : {}]);
  return { netns: { nsmode: "bridge" }, networks: Object.fromEntries(networks) };
}
