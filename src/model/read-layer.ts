import { readAddedCapability, readDroppedCapability } from "./capabilities.ts";
import type { CapabilityEdit, CapabilityResult } from "./capabilities.ts";
import type { DesiredState } from "./desired.ts";
import type { Issue } from "./errors.ts";
import type { LayerFile, MountFile, ProfileFile, SettingsFile } from "./manifest-schema.ts";
import {
  readCpus,
  readDevcontainerName,
  readEnv,
  readImage,
  readMemory,
  readShortMount,
  readTarget,
  readTimeout,
  readUser,
} from "./read-values.ts";
import type { Read } from "./read-values.ts";
import { issueAt, marksOf } from "./source.ts";
import type { SourceDocument, ValuePath } from "./source.ts";
import type { ResourcesSpec } from "./spec.ts";

/** A mount with its values in normal form; a bind's source is still as written. */
export type MountEntry =
  | { type: "bind"; source: string; target: string; readOnly: boolean }
  | { type: "volume"; source: string; target: string; readOnly: boolean }
  | { type: "tmpfs"; target: string; size?: number };

/** What one layer says about a project, or about all of them. Values that were not readable are left out. */
export type Settings = {
  path?: string;
  /** Name of a folder in `.devcontainer`. */
  devcontainer?: string;
  image?: string;
  profile?: string;
  user?: string;
  runtime?: string;
  state?: DesiredState;
  protect?: boolean;
  /** Milliseconds. */
  hookTimeout?: number;
  resources: ResourcesSpec;
  capabilities?: CapabilityEdit;
  env: Record<string, string>;
  /** Target by name of the volume. */
  volumes: Record<string, string>;
  /** With each entry's index in the file, since unreadable ones are left out. */
  mounts?: { entry: MountEntry; index: number }[];
};

/** What one layer says about a profile. */
export type ProfileEntry = {
  extends?: string;
  network?: "none" | "open";
  resources: ResourcesSpec;
  capabilities?: CapabilityEdit;
  noNewPrivileges?: boolean;
};

/** One file with its values in normal form. */
export type Layer = {
  /** Index into the list of files. */
  file: number;
  document: SourceDocument;
  workspace?: string;
  defaults?: Settings;
  profiles: Record<string, ProfileEntry>;
  /** Undefined when the file has no `projects` at all. */
  projects?: Record<string, Settings>;
};

type Reader = {
  /** Takes a value out of a `Read`, or notes its issue at a path. */
  take<Value>(path: ValuePath, read: Read<Value>, which?: "key" | "value"): Value | undefined;
  note(issue: Issue): void;
  document: SourceDocument;
};

/** Brings the values of a structurally sound file into normal form and notes those that mean nothing. */
export function readLayer(
  file: number,
  document: SourceDocument,
  parsed: LayerFile,
): { layer: Layer; issues: Issue[] } {
  const issues: Issue[] = [];
  const reader = createReader(document, issues);
  const layer: Layer = {
    file,
    document,
    ...(parsed.workspace === undefined ? {} : { workspace: parsed.workspace }),
    ...(parsed.defaults ? { defaults: readSettings(reader, ["defaults"], parsed.defaults) } : {}),
    profiles: mapValues(parsed.profiles ?? {}, (entry, name) => readProfile(reader, ["profiles", name], entry)),
    ...(parsed.projects
      ? { projects: mapValues(parsed.projects, (entry, name) => readSettings(reader, ["projects", name], entry)) }
      : {}),
  };
  return { layer, issues };
}

/**
 * Brings settings that stand alone at a path of a structurally sound document into normal form, and notes those that mean
 * nothing.
 */
export function readSettingsAt(
  document: SourceDocument,
  path: ValuePath,
  written: SettingsFile,
): { settings: Settings; issues: Issue[] } {
  const issues: Issue[] = [];
  return { settings: readSettings(createReader(document, issues), path, written), issues };
}

function createReader(document: SourceDocument, issues: Issue[]): Reader {
  return {
    document,
    note: (issue) => issues.push(issue),
    take(path, read, which) {
      if (!read.issue) return read.value;
      issues.push(issueAt(document, path, read.issue, which));
      return undefined;
    },
  };
}

function readSettings(reader: Reader, path: ValuePath, written: SettingsFile): Settings {
  const { take } = reader;
  const capabilities =
    written.capabilities && readCapabilities(reader, [...path, "capabilities"], written.capabilities);
  const mounts = written.mounts?.flatMap((mount, index) => {
    const entry = readMount(reader, [...path, "mounts", index], mount);
    return entry ? [{ entry, index }] : [];
  });
  return {
    ...defined({
      path: written.path,
      devcontainer:
        written.devcontainer === undefined
          ? undefined
          : take([...path, "devcontainer"], readDevcontainerName(written.devcontainer)),
      image: written.image === undefined ? undefined : take([...path, "image"], readImage(written.image)),
      profile: written.profile,
      user: written.user === undefined ? undefined : take([...path, "user"], readUser(written.user)),
      runtime: written.runtime,
      state: written.state,
      protect: written.protect,
      hookTimeout:
        written.hookTimeout === undefined
          ? undefined
          : take([...path, "hookTimeout"], readTimeout(written.hookTimeout)),
      capabilities,
      mounts,
    }),
    resources: readResources(reader, [...path, "resources"], written.resources),
    env: readMap(written.env, (value, key) => {
      const at = [...path, "env", key];
      return take(at, readEnv(value, marksOf(reader.document.marks, at)?.written));
    }),
    volumes: readMap(written.volumes, (target, key) => take([...path, "volumes", key], readTarget(target))),
  };
}

function readProfile(reader: Reader, path: ValuePath, written: ProfileFile): ProfileEntry {
  const capabilities =
    written.capabilities && readCapabilities(reader, [...path, "capabilities"], written.capabilities);
  return {
    ...defined({
      extends: written.extends,
      network: written.network?.mode,
      noNewPrivileges: written.noNewPrivileges,
      capabilities,
    }),
    resources: readResources(reader, [...path, "resources"], written.resources),
  };
}

function readResources({ take }: Reader, path: ValuePath, written: SettingsFile["resources"]): ResourcesSpec {
  return defined({
    memory: written?.memory === undefined ? undefined : take([...path, "memory"], readMemory(written.memory)),
    nanoCpus: written?.cpus === undefined ? undefined : take([...path, "cpus"], readCpus(written.cpus)),
    pids: written?.pids,
  });
}

type CapabilitiesFile = NonNullable<SettingsFile["capabilities"]>;

function readCapabilities(reader: Reader, path: ValuePath, { add = [], drop = [] }: CapabilitiesFile): CapabilityEdit {
  const read = <Name>(list: string[], key: string, by: (name: string) => CapabilityResult<Name>): Name[] =>
    list.flatMap((written, index) => {
      const result = by(written);
      if (!result.problem) return [result.name];
      const { problem: code, message, suggestion } = result;
      reader.note(
        issueAt(reader.document, [...path, key, index], { code, message, ...(suggestion ? { suggestion } : {}) }),
      );
      return [];
    });
  const edit = { drop: read(drop, "drop", readDroppedCapability), add: read(add, "add", readAddedCapability) };
  for (const [index, name] of edit.add.entries()) {
    if (!edit.drop.includes(name)) continue;
    const issue = {
      code: "contradiction",
      message: `${name} is dropped and added at once`,
      expected: "one of the two",
    };
    reader.note(issueAt(reader.document, [...path, "add", index], issue));
  }
  return edit;
}

function readMount(reader: Reader, path: ValuePath, written: MountFile): MountEntry | undefined {
  if (typeof written === "string") {
    const short = reader.take(path, readShortMount(written));
    const target = short && reader.take(path, readTarget(short.target));
    return target === undefined
      ? undefined
      : { type: short!.kind, source: short!.source, target, readOnly: short!.readOnly };
  }
  const target = reader.take([...path, "target"], readTarget(written.target));
  if (written.type !== "tmpfs") {
    return target === undefined
      ? undefined
      : { type: written.type, source: written.source, target, readOnly: written.readOnly ?? false };
  }
  const size = written.size === undefined ? undefined : reader.take([...path, "size"], readMemory(written.size, 1));
  return target === undefined ? undefined : { type: "tmpfs", target, ...defined({ size }) };
}

function readMap<Written, Value>(
  written: Record<string, Written> | undefined,
  read: (value: Written, key: string) => Value | undefined,
): Record<string, Value> {
  return defined(mapValues(written ?? {}, read)) as Record<string, Value>;
}

function mapValues<Value, Result>(
  map: Record<string, Value>,
  to: (value: Value, key: string) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, to(value, key)]));
}

type Defined<Members> = { [Key in keyof Members]?: Exclude<Members[Key], undefined> };

/** The members that are not undefined. */
function defined<Members extends object>(members: Members): Defined<Members> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<Members>;
}
