import type { MetadataEntry, MountObject } from "./config.ts";
import type { HostText } from "./host-text.ts";
import type { MergedDevcontainer } from "./merge-metadata.ts";
import { parseMountObject, parseMountText } from "./mount-grammar.ts";
import type { AskedMount } from "./mount-grammar.ts";
import type { From, Notes } from "./notes.ts";

/** Limits; `Infinity` where somebody asks for none. */
export type AskedLimits = { memory?: From<number>; nanoCpus?: From<number>; pids?: From<number> };

/** Everything image metadata, devcontainer.json and `runArgs` ask of a container, before a profile is laid over it. */
export type Asked = {
  env: Record<string, From<string>>;
  user?: From<string>;
  workdir?: From<string>;
  hostname?: From<string>;
  stopSignal?: From<string>;
  runtime?: From<string>;
  init?: From<true>;
  readOnlyRoot?: From<true>;
  privileged?: From<true>;
  /** As written. */
  capAdd: From<string>[];
  capDrop: From<string>[];
  securityOpt: From<string>[];
  networks: From<string>[];
  limits: AskedLimits;
  shmSize?: From<number>;
  ulimits: Record<string, From<{ soft: number; hard: number }>>;
  extraHosts: Record<string, From<string>>;
  groups: Record<string, From<true>>;
  labels: Record<string, From<string>>;
  /** Without two at one target; that of the project's folder is not in it. */
  mounts: From<AskedMount>[];
  gpus?: From<"required" | "optional">;
  /** Reach that no profile knows: what, and why it is never given. */
  exceeding: From<{ what: string; why: string }>[];
};

/** Metadata of the image, or the part of the file that becomes metadata. */
export type Entry = {
  /** As written. */
  raw: MetadataEntry;
  /** With all variables put in. */
  plain: MetadataEntry;
  /** The place of one of its values, by its path. */
  from(path: string): string;
};

/** Takes over what the metadata entries ask for, base image first and the file last. */
export function askedByMetadata(
  entries: readonly Entry[],
  merged: MergedDevcontainer,
  text: HostText,
  notes: Notes,
): Asked {
  const env: Asked["env"] = {};
  for (const { raw, from } of entries) {
    for (const [name, value] of Object.entries(raw.containerEnv ?? {}))
      env[name] = { value: text.stored(value), from: from(`containerEnv.${name}`) };
  }
  const gpu = merged.hostRequirements?.gpu;
  const user = lastOf(entries, "containerUser", merged.containerUser);
  return {
    env,
    ...(user ? { user } : {}),
    ...(merged.init ? { init: lastOf(entries, "init", true) as From<true> } : {}),
    ...(merged.privileged ? { privileged: lastOf(entries, "privileged", true) as From<true> } : {}),
    ...(gpu ? { gpus: { value: gpu === "optional" ? "optional" : "required", from: gpuPlace(entries) } } : {}),
    capAdd: listOf(entries, "capAdd"),
    capDrop: [],
    securityOpt: listOf(entries, "securityOpt"),
    networks: [],
    limits: {},
    ulimits: {},
    extraHosts: {},
    groups: {},
    labels: {},
    mounts: mountsOf(entries, notes),
    exceeding: [],
  };
}

/** The last entry that has a value, for one that is known to be what counts. */
export function lastOf<Value>(
  entries: readonly Entry[],
  key: string,
  value: Value | undefined,
): From<Value> | undefined {
  if (value === undefined) return undefined;
  const entry = entries.findLast(({ plain }) => plain[key] === value);
  return entry && { value, from: entry.from(key) };
}

function gpuPlace(entries: readonly Entry[]): string {
  const entry = entries.findLast(({ plain }) => Boolean(plain.hostRequirements?.gpu)) as Entry;
  return entry.from("hostRequirements.gpu");
}

/** Members of a list of all entries, each once, at its first place. */
function listOf(entries: readonly Entry[], key: "capAdd" | "securityOpt"): From<string>[] {
  const found = new Map<string, From<string>>();
  for (const { plain, from } of entries) {
    for (const [index, value] of (plain[key] ?? []).entries())
      if (!found.has(value)) found.set(value, { value, from: from(`${key}[${index}]`) });
  }
  return [...found.values()];
}

/** Mounts of all entries. Of several at one target the last one counts, where it stands. */
function mountsOf(entries: readonly Entry[], notes: Notes): From<AskedMount>[] {
  const mounts = entries.flatMap(({ plain, from }) =>
    (plain.mounts ?? []).flatMap((written, index) => readMount(written, from(`mounts[${index}]`), notes)),
  );
  const last = new Map(mounts.map((mount) => [mount.value.target, mount]));
  return mounts.filter((mount) => last.get(mount.value.target) === mount);
}

/** A mount in the text of `--mount` or as a map; nothing when it means none, which is noted. */
export function readMount(written: string | MountObject, from: string, notes: Notes): From<AskedMount>[] {
  const read = typeof written === "string" ? parseMountText(written) : parseMountObject(written);
  if (read.problem === undefined) return [{ value: read.mount, from }];
  notes.problem(from, { code: "invalid-mount", message: read.problem, expected: MOUNT_EXPECTED });
  return [];
}

/** What to write, for messages. */
export const MOUNT_EXPECTED = "type=bind,source=/path,target=/path or type=volume,source=name,target=/path";
