import type { ContainerSpec } from "../../model/spec.ts";
import type { HostConfigRow, InspectRow } from "./inspect-row.ts";
import type { Profile } from "./profile.ts";
import { DEFAULT_STOP_SIGNAL, signalNumber } from "./signals.ts";

/** Bytes of /dev/shm when nothing is asked for: Docker's and Podman's. */
const DEFAULT_SHM_SIZES = new Set([64 * 1024 ** 2, 64_000 * 1024]);
/** Podman tells "no limit" as the largest number of the kernel, which JSON's numbers only come near. */
const UNLIMITED = 2 ** 53;

/** Members of a spec, each present with `undefined` where there is nothing. */
type Further = {
  [
    Key in "init" | "gpus" | "shmSize" | "ulimits" | "extraHosts" | "groups" | "labels" | "stopSignal" | "readOnlyRoot"
  ]: ContainerSpec[Key] | undefined;
};

/**
 * The rarer members of a spec. Engines add to some of them by themselves, and images too: labels of an image become the
 * container's, engines have their own default limits. Of such only what was asked for is read, by name.
 */
export function furtherFields(
  { Config, HostConfig }: InspectRow,
  { podman }: Profile,
  asked: Partial<ContainerSpec>,
): Further {
  const { ShmSize = 0, ExtraHosts, GroupAdd } = HostConfig;
  return {
    init: HostConfig.Init ? true : undefined,
    // Podman keeps the devices that were found for the request, and not the request.
    gpus: podman ? asked.gpus : gpusOf(HostConfig),
    shmSize: ShmSize > 0 && (!DEFAULT_SHM_SIZES.has(ShmSize) || asked.shmSize !== undefined) ? ShmSize : undefined,
    ulimits: askedOnly(ulimitsOf(HostConfig), asked.ulimits),
    extraHosts: unlessEmpty(Object.fromEntries((ExtraHosts ?? []).map(hostOf))),
    groups: unlessEmpty(Object.fromEntries((GroupAdd ?? []).map((group) => [group, true as const]))),
    labels: askedOnly(Config.Labels ?? {}, asked.labels),
    stopSignal: stopSignalOf(Config.StopSignal, asked.stopSignal),
    readOnlyRoot: HostConfig.ReadonlyRootfs ? true : undefined,
  };
}

function gpusOf({ DeviceRequests }: HostConfigRow): "all" | undefined {
  const groups = (DeviceRequests ?? []).flatMap(({ Capabilities }) => Capabilities ?? []);
  return groups.some((group) => group.includes("gpu")) ? "all" : undefined;
}

function ulimitsOf({ Ulimits }: HostConfigRow): Record<string, { soft: number; hard: number }> {
  const bounded = (value: number) => (value >= UNLIMITED ? -1 : value);
  const entries = (Ulimits ?? []).map(({ Name, Soft, Hard }) => {
    return [Name.replace(/^RLIMIT_/, "").toLowerCase(), { soft: bounded(Soft), hard: bounded(Hard) }] as const;
  });
  return Object.fromEntries(entries);
}

/** The address may hold colons, the name cannot. */
function hostOf(line: string): [string, string] {
  const at = line.indexOf(":");
  return [line.slice(0, at), line.slice(at + 1)];
}

/** As it was asked for when it is the same signal. Engines and images have one of their own, most often the default. */
function stopSignalOf(shown: string | number | undefined, asked: string | undefined): string | undefined {
  if (shown === undefined || shown === "" || shown === 0) return undefined;
  const number = signalNumber(String(shown));
  if (asked !== undefined && signalNumber(asked) === number) return asked;
  return number === DEFAULT_STOP_SIGNAL ? undefined : String(shown);
}

function askedOnly<Value>(
  found: Record<string, Value>,
  asked: Record<string, unknown> | undefined,
): Record<string, Value> | undefined {
  const entries = Object.keys(asked ?? {}).flatMap((name) =>
    Object.hasOwn(found, name) ? [[name, found[name] as Value] as const] : [],
  );
  return unlessEmpty(Object.fromEntries(entries));
}

/** The map, or nothing when it holds nothing: a spec has no empty members. */
export function unlessEmpty<T extends object>(value: T): T | undefined {
  return Object.keys(value).length > 0 ? value : undefined;
}
