import { nearest } from "../nearest.ts";
import { readTarget } from "../read-values.ts";
import { parseMemory } from "../units.ts";
import type { MountObject } from "./config.ts";
import { csvFields } from "./csv-fields.ts";

/** A mount as a devcontainer.json or `docker run` asks for it, in one form whatever way it was written. */
export type AskedMount = {
  type: "bind" | "volume" | "tmpfs";
  /** Host path or name of a volume; absent for `tmpfs` and for a volume without a name. */
  source?: string;
  /** Absolute path in the sandbox. */
  target: string;
  readOnly?: true;
  /** Bytes of a `tmpfs`. */
  size?: number;
  /** Options that would reach beyond the mount itself, as written: `bind-propagation=rshared`. */
  beyond: string[];
  /** Options that have no effect here, as written. */
  ignored: string[];
};

/** A mount, or what is wrong with the way it is written. */
export type MountResult = { mount: AskedMount; problem?: undefined } | { problem: string };

/** What the parts of a mount say so far. */
type Draft = { -readonly [Key in keyof AskedMount]?: AskedMount[Key] } & { beyond: string[]; ignored: string[] };

/** Takes one part of a mount over; gives what is wrong with it. */
type Part = (draft: Draft, value: string, written: string) => string | undefined;

const TYPES = ["bind", "volume", "tmpfs"] as const;

/** `strconv.ParseBool` of Go, which reads Docker's flags. */
const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "FALSE", "false", "False"]);

const PRIVATE: ReadonlySet<string> = new Set(["private", "rprivate"]);
const SHARED: ReadonlySet<string> = new Set(["shared", "rshared", "slave", "rslave"]);

const source: Part = (draft, value) => void (draft.source = value);
const target: Part = (draft, value) => void (draft.target = value);
const readOnly: Part = (draft, value) => {
  if (TRUE.has(value)) draft.readOnly = true;
  else if (FALSE.has(value)) delete draft.readOnly;
  else return `'${value}' is neither true nor false`;
  return undefined;
};
const ignored: Part = (draft, _value, written) => void draft.ignored.push(written);
const beyond: Part = (draft, _value, written) => void draft.beyond.push(written);

/** Every key of `--mount`. https://docs.docker.com/reference/cli/docker/container/run/#mount */
const PARTS: Record<string, Part> = {
  type: (draft, value) => {
    const type = TYPES.find((each) => each === value.toLowerCase());
    if (!type) return `mounts of type '${value}' are not supported; bind, volume and tmpfs are`;
    draft.type = type;
    return undefined;
  },
  source,
  src: source,
  target,
  dst: target,
  destination: target,
  readonly: readOnly,
  ro: readOnly,
  // A hint for file systems of other operating systems.
  consistency: () => undefined,
  "bind-propagation": (draft, value, written) => {
    if (SHARED.has(value)) draft.beyond.push(written);
    else if (!PRIVATE.has(value)) return `'${value}' is not a propagation of mounts`;
    return undefined;
  },
  "bind-nonrecursive": ignored,
  "bind-recursive": ignored,
  "bind-create-src": ignored,
  "volume-nocopy": ignored,
  "volume-label": ignored,
  "volume-subpath": beyond,
  "volume-driver": (draft, value, written) => {
    if (value !== "" && value !== "local") draft.beyond.push(written);
  },
  // The local driver mounts whatever its options say, also folders and devices of the host.
  "volume-opt": beyond,
  "tmpfs-size": (draft, value) => {
    const { value: size, problem } = parseMemory(value) as { value?: number; problem?: string };
    if (size === undefined) return `${problem}`;
    if (size > 0) draft.size = size;
    return undefined;
  },
  "tmpfs-mode": ignored,
};

/** Parts that may stand without a value. */
const SWITCHES: ReadonlySet<string> = new Set([
  "readonly",
  "ro",
  "bind-nonrecursive",
  "bind-create-src",
  "volume-nocopy",
]);

/** Parts that only one type of mount has. */
const OWNERS: [prefix: string, type: AskedMount["type"]][] = [
  ["bind-", "bind"],
  ["volume-", "volume"],
  ["tmpfs-", "tmpfs"],
];

/** Reads the text of `--mount`: `type=bind,source=/src,target=/dst,readonly`. Without a type it is a volume. */
export function parseMountText(text: string): MountResult {
  const { fields, problem } = csvFields(text) as { fields?: string[]; problem?: string };
  if (!fields) return { problem: `'${text}' is not a mount: ${problem}` };
  const parts: [string, string, string][] = [];
  for (const field of fields) {
    const [key, value] = splitOnce(field, "=") as [string, string?];
    const name = key.toLowerCase();
    if (value === undefined && !SWITCHES.has(name))
      return { problem: `'${field}' in the mount '${text}' is not key=value` };
    parts.push([name, value ?? "true", field]);
  }
  return fromParts(text, parts);
}

/** Reads a mount that is a map, with the keys of `--mount`; keys that are none of those have no effect. */
export function parseMountObject(object: MountObject): MountResult {
  const parts = Object.entries(object).flatMap(([key, value]): [string, string, string][] => {
    const name = key.toLowerCase();
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return value === undefined || value === null ? [] : [[name, text, `${key}=${text}`]];
  });
  const unknown = parts.filter(([name]) => !Object.hasOwn(PARTS, name)).map(([, , written]) => written);
  const result = fromParts(
    JSON.stringify(object),
    parts.filter(([name]) => Object.hasOwn(PARTS, name)),
  );
  if (result.problem === undefined) result.mount.ignored.push(...unknown);
  return result;
}

/** Reads the text of `-v`: `[source:]target[:options]`. A source that begins with `/`, `.` or `~` is a host path. */
export function parseVolumeText(text: string): MountResult {
  const [first = "", second, options, ...more] = text.split(":");
  if (more.length > 0 || first === "" || second === "")
    return { problem: `'${text}' is not a volume: source:target[:options]` };
  const draft: Draft = { type: "volume", beyond: [], ignored: [], target: second ?? first };
  if (second !== undefined) {
    draft.source = first;
    if (/^[./~]/.test(first)) draft.type = "bind";
  }
  for (const option of options?.split(",") ?? []) {
    const problem = volumeOption(draft, option);
    if (problem !== undefined) return { problem: `${problem} in the volume '${text}'` };
  }
  return finish(text, draft);
}

/** Reads the text of `--tmpfs`: `target[:options]`. */
export function parseTmpfsText(text: string): MountResult {
  const [path, options] = splitOnce(text, ":") as [string, string?];
  const draft: Draft = { type: "tmpfs", target: path, beyond: [], ignored: [] };
  for (const option of options?.split(",") ?? []) {
    const [key, value = ""] = splitOnce(option, "=") as [string, string?];
    const problem =
      key === "size"
        ? PARTS["tmpfs-size"]?.(draft, value, option)
        : void (DEFAULTS.has(option) || draft.ignored.push(option));
    if (problem !== undefined) return { problem: `${problem} in the tmpfs '${text}'` };
  }
  return finish(text, draft);
}

/** What a tmpfs is without a word. */
const DEFAULTS: ReadonlySet<string> = new Set(["rw", "noexec", "nosuid", "nodev"]);

const VOLUME_OPTIONS = ["ro", "rw", "readonly", "z", "Z", "nocopy", "cached", "delegated", "consistent"];

function volumeOption(draft: Draft, option: string): string | undefined {
  if (option === "ro" || option === "readonly") draft.readOnly = true;
  else if (SHARED.has(option)) draft.beyond.push(option);
  else if (option === "nocopy" || option === "z" || option === "Z") draft.ignored.push(option);
  else if (!PRIVATE.has(option) && !VOLUME_OPTIONS.includes(option)) return unknown("option", option, VOLUME_OPTIONS);
  return undefined;
}

function fromParts(text: string, parts: [name: string, value: string, written: string][]): MountResult {
  const draft: Draft = { beyond: [], ignored: [] };
  for (const [name, value, written] of parts) {
    const part = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
    const problem = part ? part(draft, value, written) : unknown("key", name, Object.keys(PARTS));
    if (problem !== undefined) return { problem: `${problem} in the mount '${text}'` };
  }
  draft.type ??= "volume";
  const foreign = parts.find(([name]) =>
    OWNERS.some(([prefix, type]) => name.startsWith(prefix) && type !== draft.type),
  );
  if (foreign) return { problem: `'${foreign[2]}' is no part of a mount of type ${draft.type}: '${text}'` };
  return finish(text, draft);
}

/** What every way of writing a mount has to come to. */
function finish(text: string, draft: Draft): MountResult {
  const { type = "volume", beyond: reach, ignored: unused } = draft;
  if (draft.target === undefined || draft.target === "") return { problem: `the mount '${text}' has no target` };
  const read = readTarget(draft.target);
  if (read.issue) return { problem: `${read.issue.message}, in the mount '${text}'` };
  if (type === "bind" && !draft.source) return { problem: `the mount '${text}' of type bind has no source` };
  if (type === "tmpfs" && draft.source) return { problem: `the mount '${text}' of type tmpfs has a source` };
  if (type === "volume" && draft.source?.includes("/"))
    return { problem: `'${draft.source}' is not the name of a volume, in the mount '${text}'` };
  return {
    mount: {
      type,
      ...(draft.source ? { source: draft.source } : {}),
      target: read.value,
      ...(draft.readOnly ? { readOnly: true } : {}),
      ...(draft.size === undefined ? {} : { size: draft.size }),
      beyond: reach,
      ignored: unused,
    },
  };
}

function unknown(what: string, name: string, known: readonly string[]): string {
  const suggestion = nearest(name, known);
  return `there is no ${what} '${name}'${suggestion === undefined ? "" : ` (did you mean '${suggestion}'?)`}`;
}

/** The text before the first mark and the text behind it; one part when there is no mark. */
export function splitOnce(text: string, mark: string): [string] | [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}
