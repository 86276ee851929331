import { LABEL } from "../../model/labels.ts";
import type { ContainerSpec, MountSpec, ResourcesSpec } from "../../model/spec.ts";
import { capabilitiesFromDifference, normalCapabilities } from "./capabilities.ts";
import type { ContainerDetail, Health } from "./engine.ts";
import { environmentOf, wordsOf } from "./image-row.ts";
import type { HostConfigRow, InspectRow } from "./inspect-row.ts";
import { bareName, imageIdOf, mountsOf, networksOf, stateOf } from "./list-row.ts";
import { quotaOf } from "./podman-spec.ts";
import type { Profile } from "./profile.ts";
import { furtherFields, unlessEmpty } from "./read-back-further.ts";

const ANONYMOUS_VOLUME = /^[0-9a-f]{64}$/;

/** What an inspect says of a container, in devc's normal form. `networkIds` as in `containerOf`. */
export function readBack(row: InspectRow, profile: Profile, networkIds: ReadonlyMap<string, string>): ContainerDetail {
  const labels = row.Config.Labels ?? {};
  const name = bareName(row.Name);
  return {
    container: {
      id: row.Id,
      name,
      labels,
      imageId: imageIdOf(row.Image),
      state: stateOf(row.State.Status, name),
      health: (row.State.Health?.Status || "none") as Health,
      networks: networksOf(row.NetworkSettings?.Networks, networkIds),
      mounts: mountsOf(row.Mounts),
      createdAt: Math.floor(Date.parse(row.Created)),
    },
    spec: specOf(row, profile, askedFor(labels)),
    createdText: row.Created,
    startedText: row.State.StartedAt,
    exitCode: row.State.ExitCode,
    error: row.State.Error,
  };
}

/**
 * The spec a container was made from, from its label; empty when there is none. Engines give some things back in other
 * words than they were asked in; the label only settles which of two spellings of the same thing was meant.
 */
function askedFor(labels: Record<string, string>): Partial<ContainerSpec> {
  try {
    const spec: unknown = JSON.parse(labels[LABEL.spec] ?? "{}");
    return spec !== null && typeof spec === "object" ? spec : {};
  } catch (error) {
    // A label that somebody else wrote settles nothing.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function specOf(row: InspectRow, profile: Profile, asked: Partial<ContainerSpec>): ContainerSpec {
  const { Config, HostConfig } = row;
  const labels = Config.Labels ?? {};
  const spec: { [Key in keyof ContainerSpec]: ContainerSpec[Key] | undefined } = {
    image: labels[LABEL.image] ?? imageIdOf(row.Image),
    entrypoint: unlessNone(wordsOf(Config.Entrypoint)),
    command: unlessNone(wordsOf(Config.Cmd)),
    env: unlessEmpty(environmentOf(Config.Env ?? [])),
    user: Config.User || undefined,
    workdir: Config.WorkingDir === "/" && asked.workdir !== "/" ? undefined : Config.WorkingDir || undefined,
    hostname: isOwnHostname(row, asked) ? Config.Hostname : undefined,
    mounts: unlessEmpty(specMounts(row)),
    network: attachmentOf(row, asked),
    capabilities: capabilitiesOf(HostConfig, profile, asked),
    noNewPrivileges:
      (HostConfig.SecurityOpt ?? []).some((option) => /^no-new-privileges(?:[:=]true)?$/.test(option)) || undefined,
    runtime: runtimeOf(HostConfig, profile, asked),
    ...furtherFields(row, profile, asked),
    resources: unlessEmpty(limitsOf(HostConfig, asked.resources)),
  };
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined)) as ContainerSpec;
}

/** Limits as the engine's record has them. Zero and below mean none. */
export function limitsOf(config: HostConfigRow, asked: ResourcesSpec = {}): ResourcesSpec {
  const { Memory = 0, NanoCpus = 0, CpuQuota = 0, CpuPeriod = 0, PidsLimit } = config;
  const nanoCpus = CpuQuota > 0 ? nanoCpusOf(CpuQuota, CpuPeriod || 100_000, asked.nanoCpus) : NanoCpus;
  return {
    ...(Memory > 0 ? { memory: Memory } : {}),
    ...(nanoCpus > 0 ? { nanoCpus } : {}),
    ...((PidsLimit ?? 0) > 0 ? { pids: PidsLimit as number } : {}),
  };
}

/** Billionths of a CPU from a quota; `asked` when it comes to the same quota and is only finer. */
function nanoCpusOf(quota: number, period: number, asked: number | undefined): number {
  const nanoCpus = Math.round((quota * 1e9) / period);
  return asked !== undefined && quotaOf(asked) === quotaOf(nanoCpus) ? asked : nanoCpus;
}

/** Without one of its own a container is called by the start of its ID. */
function isOwnHostname({ Id, Config }: InspectRow, asked: Partial<ContainerSpec>): boolean {
  if (!Config.Hostname) return false;
  return Config.Hostname !== Id.slice(0, 12) || asked.hostname === Config.Hostname;
}

function specMounts({ Mounts, HostConfig }: InspectRow): Record<string, MountSpec> {
  const mounts: Record<string, MountSpec> = {};
  const requested = new Map((HostConfig.Mounts ?? []).map((mount) => [mount.Target, mount]));
  for (const { Type, Name, Source, Destination, RW } of Mounts ?? []) {
    const readOnly = RW ? {} : ({ readOnly: true } as const);
    if (Type === "volume" && Name && !ANONYMOUS_VOLUME.test(Name)) {
      mounts[Destination] = { type: "volume", source: Name, ...readOnly };
    }
    // Docker Desktop shows where its machine has the folder; what was asked for is the host's path.
    const source = requested.get(Destination)?.Source || Source;
    if (Type === "bind" && source) mounts[Destination] = { type: "bind", source, ...readOnly };
    if (Type === "tmpfs") mounts[Destination] = tmpfsSpec(requested.get(Destination)?.TmpfsOptions?.SizeBytes);
  }
  for (const [target, options] of Object.entries(HostConfig.Tmpfs ?? {})) {
    mounts[target] = tmpfsSpec(Number(/(?:^|,)size=(\d+)(?:,|$)/.exec(options)?.[1] ?? 0));
  }
  return mounts;
}

function tmpfsSpec(size: number | undefined): MountSpec {
  return size ? { type: "tmpfs", size } : { type: "tmpfs" };
}

function attachmentOf(row: InspectRow, asked: Partial<ContainerSpec>): ContainerSpec["network"] {
  const networks = row.NetworkSettings?.Networks ?? {};
  const names = Object.keys(networksOf(networks, new Map()));
  if (names.length === 0) return { mode: "none" };
  const wanted = asked.network?.mode === "bridge" ? asked.network.networks : {};
  const given = new Set([row.Id.slice(0, 12), row.Config.Hostname, bareName(row.Name)]);
  const attached = names.map((name) => {
    const said = wanted[name]?.aliases ?? [];
    const aliases = (networks[name]?.Aliases ?? []).filter((alias) => said.includes(alias) || !given.has(alias));
    return [name, aliases.length > 0 ? { aliases } : {}] as const;
  });
  return { mode: "bridge", networks: Object.fromEntries(attached) };
}

function capabilitiesOf(
  config: HostConfigRow,
  { podman }: Profile,
  asked: Partial<ContainerSpec>,
): ContainerSpec["capabilities"] {
  const shown = { add: config.CapAdd ?? [], drop: config.CapDrop ?? [] };
  return podman
    ? capabilitiesFromDifference(shown, podman.capabilities, asked.capabilities)
    : normalCapabilities(shown);
}

/** Podman has one runtime and shows another word for it. The default counts as asked for only when it was. */
function runtimeOf(
  { Runtime }: HostConfigRow,
  { podman, defaultRuntime }: Profile,
  asked: Partial<ContainerSpec>,
): string | undefined {
  const runtime = podman ? defaultRuntime : Runtime;
  return runtime === defaultRuntime && asked.runtime !== defaultRuntime ? undefined : runtime;
}

function unlessNone(words: string[]): string[] | undefined {
  return words.length > 0 ? words : undefined;
}
