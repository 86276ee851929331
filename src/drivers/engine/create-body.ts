import type { ContainerSpec, MountSpec, ResourcesSpec } from "../../model/spec.ts";
import type { ContainerCreate } from "./engine.ts";

/** Options of every tmpfs, Docker's own defaults spelled out because Podman's differ. */
const TMPFS_OPTIONS = ["rw", "noexec", "nosuid", "nodev", "mode=1777"];

/** How many networks an engine attaches in the create call itself. */
export type CreateOptions = { manyNetworks: boolean };

/**
 * Body of POST /containers/create (Docker Engine API 1.40 and later). What must not depend on an engine's defaults is
 * said: swap, network mode, restart policy, init. A host folder is given as a mount, never as a bind string, because the
 * engine makes missing folders of bind strings. Seccomp, masked paths and the rest stay the engine's default.
 */
export function createBody({ imageId, labels, spec }: ContainerCreate, { manyNetworks }: CreateOptions): object {
  const { entrypoint, command, env, user, workdir, hostname, stopSignal } = spec;
  return {
    Image: imageId,
    // What the person asks for never takes the place of a label that says whose the container is.
    Labels: { ...spec.labels, ...labels },
    ...(entrypoint ? { Entrypoint: entrypoint } : {}),
    ...(command ? { Cmd: command } : {}),
    ...(env ? { Env: environmentList(env) } : {}),
    ...(user === undefined ? {} : { User: user }),
    ...(workdir === undefined ? {} : { WorkingDir: workdir }),
    ...(hostname === undefined ? {} : { Hostname: hostname }),
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
    HostConfig: hostConfig(spec),
    NetworkingConfig: { EndpointsConfig: endpoints(spec, manyNetworks) },
  };
}

function hostConfig(spec: ContainerSpec): object {
  const { capabilities = {}, runtime, gpus, shmSize } = spec;
  const tmpfs = tmpfsOf(spec.mounts);
  return {
    NetworkMode: firstNetwork(spec) ?? "none",
    RestartPolicy: { Name: "no" },
    Init: spec.init ?? false,
    ...limits(spec.resources ?? {}),
    ...(capabilities.add ? { CapAdd: Object.keys(capabilities.add) } : {}),
    ...(capabilities.drop ? { CapDrop: Object.keys(capabilities.drop) } : {}),
    ...(spec.noNewPrivileges ? { SecurityOpt: ["no-new-privileges"] } : {}),
    ...(runtime === undefined ? {} : { Runtime: runtime }),
    ...(gpus === undefined ? {} : { DeviceRequests: [{ Count: -1, Capabilities: [["gpu"]] }] }),
    ...(shmSize === undefined ? {} : { ShmSize: shmSize }),
    ...(spec.ulimits ? { Ulimits: ulimits(spec.ulimits) } : {}),
    ...(spec.extraHosts ? { ExtraHosts: hostLines(spec.extraHosts) } : {}),
    ...(spec.groups ? { GroupAdd: Object.keys(spec.groups) } : {}),
    ...(spec.readOnlyRoot ? { ReadonlyRootfs: true } : {}),
    ...(tmpfs ? { Tmpfs: tmpfs } : {}),
    Mounts: mounts(spec.mounts ?? {}),
  };
}

/** `NAME=value` lines. */
export function environmentList(env: Record<string, string>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

/** `name:address` lines. */
export function hostLines(hosts: Record<string, string>): string[] {
  return Object.entries(hosts).map(([name, address]) => `${name}:${address}`);
}

/** The network a container is created on; the others follow. */
export function firstNetwork({ network }: ContainerSpec): string | undefined {
  return network.mode === "none" ? undefined : Object.keys(network.networks).toSorted()[0];
}

/** Options of a tmpfs mount in the form of mount(8). `size` in bytes. */
export function tmpfsOptions(size: number | undefined): string[] {
  return size === undefined ? TMPFS_OPTIONS : [...TMPFS_OPTIONS, `size=${size}`];
}

/** Swap is set with memory: left alone it would double the budget. An absent pids limit is said: Podman has a default. */
function limits({ memory, nanoCpus, pids }: ResourcesSpec): object {
  return {
    ...(memory === undefined ? {} : { Memory: memory, MemorySwap: memory }),
    ...(nanoCpus === undefined ? {} : { NanoCpus: nanoCpus }),
    PidsLimit: pids ?? -1,
  };
}

function ulimits(limits: NonNullable<ContainerSpec["ulimits"]>): object[] {
  return Object.entries(limits).map(([name, { soft, hard }]) => ({ Name: name, Soft: soft, Hard: hard }));
}

function tmpfsOf(mounts: ContainerSpec["mounts"]): Record<string, string> | undefined {
  const entries = Object.entries(mounts ?? {}).flatMap(([target, mount]) =>
    mount.type === "tmpfs" ? [[target, tmpfsOptions(mount.size).join(",")] as const] : [],
  );
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function mounts(specs: Record<string, MountSpec>): object[] {
  return Object.entries(specs).flatMap(([target, mount]) => {
    if (mount.type === "tmpfs") return [];
    const readOnly = mount.readOnly ? { ReadOnly: true } : {};
    if (mount.type === "volume") return [{ Type: "volume", Source: mount.source, Target: target, ...readOnly }];
    // What is mounted below a read-only folder stays writable on old engines: it is left out instead.
    const alone = mount.readOnly ? { BindOptions: { NonRecursive: true } } : {};
    return [{ Type: "bind", Source: mount.source, Target: target, ...readOnly, ...alone }];
  });
}

function endpoints({ network }: ContainerSpec, many: boolean): Record<string, object> {
  if (network.mode === "none") return {};
  const names = Object.keys(network.networks).toSorted();
  const used = many ? names : names.slice(0, 1);
  return Object.fromEntries(
    used.map((name) => {
      const { aliases } = network.networks[name] ?? {};
      return [name, aliases ? { Aliases: aliases } : {}];
    }),
  );
}
