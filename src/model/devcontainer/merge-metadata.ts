import type { DevcontainerConfig, MetadataEntry, MountObject, Without } from "./config.ts";
import type { HookCommand } from "./lifecycle.ts";
import { mergeHostRequirements } from "./merge-requirements.ts";

/** Members of a devcontainer.json that are lists in the merged form, under other names or for each tool. */
type Collected =
  | "customizations"
  | "onCreateCommand"
  | "updateContentCommand"
  | "postCreateCommand"
  | "postStartCommand"
  | "postAttachCommand";

/**
 * A devcontainer.json together with the metadata of its image: `mergedConfiguration` of the reference implementation.
 * Members for which nobody has a value are absent.
 */
export type MergedDevcontainer = Without<DevcontainerConfig, Collected> & {
  init: boolean;
  privileged: boolean;
  containerEnv: Record<string, string>;
  remoteEnv: Record<string, string | null>;
  portsAttributes: Record<string, unknown>;
  /** Commands of Features, to be run before the container's own. */
  entrypoints?: string[];
  /** What each entry says for a tool, in order; every tool merges its own. */
  customizations?: Record<string, unknown[]>;
  onCreateCommands: HookCommand[];
  updateContentCommands: HookCommand[];
  postCreateCommands: HookCommand[];
  postStartCommands: HookCommand[];
  postAttachCommands: HookCommand[];
};

/**
 * Merges metadata by the rules of the specification, and where it is silent by what the reference implementation does.
 * https://containers.dev/implementors/spec/#merge-logic
 * @param config the devcontainer.json; of what can be in a label only `entries` count
 * @param entries those of the image, base first, and the file's own last
 */
export function mergeMetadata(config: DevcontainerConfig, entries: readonly MetadataEntry[]): MergedDevcontainer {
  const { customizations: _tools, shutdownAction: _action, ...rest } = config;
  const own = withoutMembers(rest, [...Object.keys(LAST), ...Object.keys(LISTS), ...COMMANDS, "entrypoint"]);
  const commands = COMMANDS.map((key) => [`${key}s`, collect(entries, key)]);
  const merged = {
    ...own,
    ...Object.fromEntries(Object.entries(LAST).map(([key, counts]) => [key, last(entries, key, counts)])),
    ...Object.fromEntries(Object.entries(LISTS).map(([key, merge]) => [key, filled(merge(entries))])),
    ...Object.fromEntries(commands),
    init: entries.some((entry) => entry.init === true),
    privileged: entries.some((entry) => entry.privileged === true),
    containerEnv: overlaid(entries, "containerEnv"),
    remoteEnv: overlaid(entries, "remoteEnv"),
    portsAttributes: overlaid(entries, "portsAttributes"),
    entrypoints: filled(collect(entries, "entrypoint")),
    customizations: customizationsOf(entries),
    hostRequirements: mergeHostRequirements(entries.map((entry) => entry.hostRequirements ?? {})),
  };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as MergedDevcontainer;
}

const COMMANDS = [
  "onCreateCommand",
  "updateContentCommand",
  "postCreateCommand",
  "postStartCommand",
  "postAttachCommand",
] as const;

const isFilled = (value: unknown): boolean => Boolean(value);
const isFlag = (value: unknown): boolean => typeof value === "boolean";

/** Members whose last value wins, and what is a value: an empty text is none, `false` is one for a flag. */
const LAST: Record<string, (value: unknown) => boolean> = {
  waitFor: isFilled,
  remoteUser: isFilled,
  containerUser: isFilled,
  userEnvProbe: isFilled,
  otherPortsAttributes: isFilled,
  shutdownAction: isFilled,
  overrideCommand: isFlag,
  updateRemoteUserUID: isFlag,
};

/** Members that are lists of what all entries say. */
const LISTS: Record<string, (entries: readonly MetadataEntry[]) => unknown[]> = {
  capAdd: (entries) => [...new Set(entries.flatMap((entry) => entry.capAdd ?? []))],
  securityOpt: (entries) => [...new Set(entries.flatMap((entry) => entry.securityOpt ?? []))],
  mounts: (entries) => mergeMounts(entries.flatMap((entry) => entry.mounts ?? [])),
  forwardPorts: (entries) => mergePorts(entries.flatMap((entry) => entry.forwardPorts ?? [])),
};

function last(entries: readonly MetadataEntry[], key: string, counts: (value: unknown) => boolean): unknown {
  return entries.findLast((entry) => counts(entry[key]))?.[key];
}

/** An empty command is none. */
function collect(entries: readonly MetadataEntry[], key: string): unknown[] {
  return entries.map((entry) => entry[key]).filter(isFilled);
}

function overlaid(entries: readonly MetadataEntry[], key: string): Record<string, unknown> {
  return Object.fromEntries(entries.flatMap((entry) => Object.entries(entry[key] ?? {})));
}

function filled(list: unknown[]): unknown[] | undefined {
  return list.length > 0 ? list : undefined;
}

function customizationsOf(entries: readonly MetadataEntry[]): Record<string, unknown[]> | undefined {
  const tools = new Map<string, unknown[]>();
  for (const [tool, value] of entries.flatMap((entry) => Object.entries(entry.customizations ?? {})))
    tools.set(tool, [...(tools.get(tool) ?? []), value]);
  return tools.size > 0 ? Object.fromEntries(tools) : undefined;
}

/** Of several mounts at one place the last one counts, where it stands. */
function mergeMounts(mounts: (string | MountObject)[]): (string | MountObject)[] {
  const lastAt = new Map(mounts.map((mount, index) => [targetOf(mount), index]));
  return mounts.filter((mount, index) => lastAt.get(targetOf(mount)) === index);
}

/** As simple as in the reference: quotes and what else the grammar has are not looked at, so that both keep the same ones. */
function targetOf(mount: string | MountObject): string | undefined {
  if (typeof mount !== "string") return mount.target;
  const targets = mount.split(",").flatMap((field) => {
    const [name = "", value] = field.split("=");
    return ["target", "dst", "destination"].includes(name) ? [value] : [];
  });
  return targets.at(-1);
}

/** A number and `localhost:` with it are the same port, and a number in the result. */
function mergePorts(ports: (number | string)[]): (number | string)[] {
  const plain = ports.map((port) => {
    const [, number] = /^localhost:(\d+)$/.exec(String(port)) ?? [];
    return number === undefined ? port : Number(number);
  });
  return [...new Set(plain)];
}

function withoutMembers(value: object, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}
