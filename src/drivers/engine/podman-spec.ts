import type { ContainerSpec, MountSpec, ResourcesSpec } from "../../model/spec.ts";
import { differenceFromDefault } from "./capabilities.ts";
import { tmpfsOptions } from "./create-body.ts";
import type { ContainerCreate } from "./engine.ts";

/** Microseconds of the period in which a CPU quota is counted; the kernel's default. */
export const CPU_PERIOD = 100_000;

/**
 * Body of POST /libpod/containers/create (Podman's SpecGenerator). Podman's Docker-compatible create is not used: it
 * makes missing host folders, gives a umask of 0000, and passes on the proxy variables of the engine's own environment.
 * @param defaults capabilities of a container that asks for nothing
 */
export function podmanSpec({ name, imageId, labels, spec }: ContainerCreate, defaults: string[]): object {
  const { entrypoint, command, env, user, workdir, hostname } = spec;
  const { add, drop } = differenceFromDefault(spec.capabilities, defaults);
  const mounts = Object.entries(spec.mounts ?? {});
  return {
    name,
    image: imageId,
    labels,
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
    init: false,
    restart_policy: "no",
  };
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
