import type { DesiredResource, DesiredSandbox } from "../model/desired.ts";
import type { HookCommand } from "../model/devcontainer/lifecycle.ts";
import { KEEP_ALIVE } from "../model/sandbox-parts.ts";
import type { MountSpec } from "../model/spec.ts";
import { hostValueText, mountText, ulimitText } from "./rows.ts";
import { maskValue } from "./secrets.ts";
import { formatBytes, formatCpus, formatDuration } from "./units.ts";

/** What a project's values are read from. */
type Source = { sandbox: DesiredSandbox; image: string; profile: string };

type Show = (source: Source, name: string) => string | undefined;

const variable = (name: string, value: string | undefined) =>
  value === undefined ? undefined : hostValueText(maskValue(name, value));

/** How the value of each key of `ProjectOrigins` is shown; the part after the first dot is the name. */
const VALUES: Record<string, Show> = {
  image: ({ image }) => image,
  profile: ({ profile }) => profile,
  state: ({ sandbox }) => sandbox.state,
  protect: ({ sandbox }) => yesNo(sandbox.protect),
  command: ({ sandbox: { spec } }) => {
    const isKeepAlive = spec.command?.[1] === KEEP_ALIVE.command[1];
    return isKeepAlive ? "waits until it is stopped" : commandText(spec.entrypoint, spec.command);
  },
  network: ({ sandbox: { spec } }) => (spec.network.mode === "bridge" ? "open" : "none"),
  init: ({ sandbox: { spec } }) => yesNo(spec.init),
  readOnlyRoot: ({ sandbox: { spec } }) => yesNo(spec.readOnlyRoot),
  noNewPrivileges: ({ sandbox: { spec } }) => yesNo(spec.noNewPrivileges),
  shmSize: ({ sandbox: { spec } }) => (spec.shmSize === undefined ? undefined : formatBytes(spec.shmSize)),
  env: ({ sandbox: { spec } }, name) => variable(name, spec.env?.[name]),
  mounts: ({ sandbox: { spec } }, target) => {
    const mount: MountSpec | undefined = spec.mounts?.[target];
    return mount && mountText(mount);
  },
  resources: ({ sandbox: { spec } }, limit) => limitText(spec.resources ?? {}, limit),
  capabilities: () => "given",
  groups: () => "member",
  extraHosts: ({ sandbox: { spec } }, name) => spec.extraHosts?.[name],
  labels: ({ sandbox: { spec } }, name) => spec.labels?.[name],
  ulimits: ({ sandbox: { spec } }, name) => (spec.ulimits?.[name] ? ulimitText(spec.ulimits[name]) : undefined),
  workspaceFolder: ({ sandbox: { devcontainer } }) => devcontainer?.remote.workdir,
  remoteUser: ({ sandbox: { devcontainer } }) => devcontainer?.remote.user ?? "the container's",
  remoteEnv: ({ sandbox: { devcontainer } }, name) => variable(name, devcontainer?.remote.env[name]),
  userEnvProbe: ({ sandbox: { devcontainer } }) => devcontainer?.remote.userEnvProbe,
  waitFor: ({ sandbox: { devcontainer } }) => devcontainer?.hooks?.waitFor,
  hookTimeout: ({ sandbox: { devcontainer } }) => {
    return devcontainer?.hooks && formatDuration(devcontainer.hooks.timeoutMs);
  },
  hooks: ({ sandbox: { devcontainer } }, name) => {
    const [, phase, index] = /^(\w+)\[(\d+)\]$/.exec(name) ?? [];
    const phases = devcontainer?.hooks?.phases as Record<string, { command: HookCommand }[] | undefined> | undefined;
    const command = phases?.[phase ?? ""]?.[Number(index)]?.command;
    return command === undefined ? undefined : hostValueText(hookText(command));
  },
};

/**
 * One row per value of a project: its key, the value for people, and where it comes from. What is not there (a variable of the
 * container's that an engine must tell) has no row.
 */
export function valueRows(
  resources: readonly DesiredResource[],
  profile: string,
  origins: Readonly<Record<string, string>>,
): string[][] {
  const sandbox = resources.find((one) => one.kind === "sandbox");
  const image = resources.find((one) => one.kind === "image");
  if (!sandbox || !image) return [];
  const source = { sandbox, image: image.reference, profile };
  return Object.entries(origins).flatMap(([key, from]) => {
    const value = valueOf(source, key);
    return value === undefined ? [] : [[key, value, from]];
  });
}

function valueOf(source: Source, key: string): string | undefined {
  const dot = key.indexOf(".");
  const [field, name] = dot < 0 ? [key, ""] : [key.slice(0, dot), key.slice(dot + 1)];
  const show = Object.hasOwn(VALUES, field) ? VALUES[field] : undefined;
  if (show) return show(source, name);
  const plain = (source.sandbox.spec as Record<string, unknown>)[field];
  return typeof plain === "string" ? plain : undefined;
}

function limitText(resources: NonNullable<DesiredSandbox["spec"]["resources"]>, limit: string): string | undefined {
  const { memory, nanoCpus, pids } = resources;
  if (limit === "memory") return memory === undefined ? undefined : formatBytes(memory);
  if (limit === "cpus") return nanoCpus === undefined ? undefined : formatCpus(nanoCpus);
  return pids === undefined ? undefined : String(pids);
}

function commandText(entrypoint: string[] | undefined, command: string[] | undefined): string {
  const words = [...(entrypoint ?? []), ...(command ?? [])];
  return words.length > 0 ? words.map(quoted).join(" ") : "the image's";
}

function hookText(command: HookCommand): string {
  if (typeof command === "string") return command;
  if (Array.isArray(command)) return command.map(quoted).join(" ");
  return Object.entries(command)
    .map(([name, each]) => `${name}: ${typeof each === "string" ? each : each.map(quoted).join(" ")}`)
    .join(" & ");
}

/** Words with spaces in quotes, so that a person sees where they end. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word);
}

function yesNo(value: boolean | undefined): string {
  return value ? "yes" : "no";
}
