import type { EngineCapacity } from "./compile.ts";
import type { Notice } from "./desired.ts";
import { containerName, volumeName } from "./names.ts";
import type { NetworkMode, Posture } from "./profiles.ts";
import type { ContainerSpec, MountSpec, NetworkAttachment, ResourcesSpec } from "./spec.ts";
import { memoryText } from "./units.ts";

/**
 * Keeps a sandbox of any image with `/bin/sh` alive: it ends at once on the stop signal, and as process 1 it collects orphans,
 * which every shell does while it waits. Without a `sleep` it ends with an error instead of spinning.
 */
export const KEEP_ALIVE = {
  command: ["-c", "trap 'exit 0' TERM INT; while :; do sleep 2147483647 & wait $!; [ $? -ne 127 ] || exit 127; done"],
  entrypoint: ["/bin/sh"],
};

const NANO = 1e9;
/** The kernel counts CPU time in whole microseconds of a period of 100 ms: finer shares would never read back equal. */
const CPU_STEP = 10_000;

/** Always the whole set, so that every engine gives the same whatever its default is. */
export function capabilitySpec(capabilities: Posture["capabilities"]): NonNullable<ContainerSpec["capabilities"]> {
  const known = CAPABILITY_SPECS.get(capabilities);
  if (known) return known;
  const add = Object.fromEntries(capabilities.map((name) => [name, true as const]));
  const spec = capabilities.length > 0 ? { add, drop: { ALL: true as const } } : { drop: { ALL: true as const } };
  CAPABILITY_SPECS.set(capabilities, spec);
  return spec;
}

/** Projects of equal posture share its list, and with it the result. */
const CAPABILITY_SPECS = new WeakMap<Posture["capabilities"], NonNullable<ContainerSpec["capabilities"]>>();

/** Everything that is not open is closed: an allowlist needs the gateway that applies it. */
export function attachment(workspace: string, project: string, network: NetworkMode): NetworkAttachment {
  if (network !== "open") return { mode: "none" };
  return { mode: "bridge", networks: { [containerName(workspace, project)]: {} } };
}

/** A mount of the manifest, or one like it, as the engine knows it: a project's volumes have names of their own there. */
export function mountSpec(workspace: string, project: string, mount: MountSpec): MountSpec {
  return mount.type === "volume" ? { ...mount, source: volumeName(workspace, project, mount.source) } : mount;
}

/** Engines refuse more CPUs than they have; more memory than there is would be no limit. Each limit clamped is a notice. */
export function clampLimits(
  project: string,
  asked: ResourcesSpec,
  engine: EngineCapacity | undefined,
  notices: Notice[],
): ResourcesSpec {
  const limits = { ...asked };
  if (limits.nanoCpus !== undefined) limits.nanoCpus = Math.floor(limits.nanoCpus / CPU_STEP) * CPU_STEP;
  if (!engine) return limits;
  const note = (message: string) => notices.push({ code: "clamped", project, message });
  if (limits.nanoCpus !== undefined && limits.nanoCpus > engine.cpus * NANO) {
    note(`cpus ${limits.nanoCpus / NANO} → ${engine.cpus}: the engine has no more`);
    limits.nanoCpus = engine.cpus * NANO;
  }
  if (limits.memory !== undefined && limits.memory > engine.memory) {
    note(`memory ${memoryText(limits.memory)} → ${memoryText(engine.memory)}: the engine has no more`);
    limits.memory = engine.memory;
  }
  return limits;
}

/** Whether a map has no members. */
export function isEmpty(map: object): boolean {
  for (const _key in map) return false;
  return true;
}
