import { HOST_PLACEHOLDER } from "../model/host-values.ts";
import type { MountSpec } from "../model/spec.ts";
import type { Cause } from "../reconcile/fields.ts";
import { wayOf } from "../reconcile/fields.ts";
import type { Change } from "../reconcile/plan-types.ts";
import { fieldChanges, pointerOf } from "./field-changes.ts";
import type { FieldChange } from "./field-changes.ts";
import { maskValue } from "./secrets.ts";
import { symbol } from "./style.ts";
import type { Style } from "./style.ts";
import { printable } from "./text.ts";
import { formatBytes, formatCpus } from "./units.ts";

/** One aligned line under a change. */
export type Row = { label: string; text: string; note?: string };

type FieldText = {
  /** Segments of the field; `*` stands for one segment. */
  path: string[];
  /** `*` in it is replaced by the segment that `*` matched. */
  label: string;
  /** The value for people. */
  value?: (value: unknown, key: string) => string;
  /** What an absent value means. */
  absent?: string;
  /** The segment `*` is a member of a set: `+ NAME`, `− NAME`. */
  member?: true;
};

/** How every field of a sandbox is shown. What is not in the table is shown under its path. */
const FIELDS: FieldText[] = [
  { path: ["image"], label: "image" },
  { path: ["imageId"], label: "image", value: (value) => shortId(String(value)) },
  { path: ["name"], label: "name" },
  { path: ["state"], label: "state" },
  { path: ["resources", "memory"], label: "memory", value: (value) => formatBytes(Number(value)), absent: "no limit" },
  { path: ["resources", "nanoCpus"], label: "cpus", value: (value) => formatCpus(Number(value)), absent: "no limit" },
  { path: ["resources", "pids"], label: "pids", absent: "no limit" },
  { path: ["network", "mode"], label: "network", value: (value) => (value === "bridge" ? "open" : String(value)) },
  { path: ["network", "networks", "*"], label: "networks", member: true },
  { path: ["capabilities", "add", "*"], label: "capabilities", member: true },
  { path: ["capabilities", "drop", "*"], label: "capabilities.drop", member: true },
  { path: ["noNewPrivileges"], label: "no-new-privileges", value: () => "yes", absent: "no" },
  { path: ["user"], label: "user", absent: "the image's" },
  { path: ["workdir"], label: "workdir", absent: "the image's" },
  { path: ["hostname"], label: "hostname", absent: "the engine's choice" },
  { path: ["runtime"], label: "runtime", absent: "the engine's choice" },
  { path: ["init"], label: "init", value: () => "yes", absent: "no" },
  { path: ["gpus"], label: "gpus", absent: "none" },
  { path: ["shmSize"], label: "shm size", value: (value) => formatBytes(Number(value)), absent: "the engine's choice" },
  { path: ["ulimits", "*"], label: "ulimit *", value: (value) => ulimitText(value), absent: "the engine's choice" },
  { path: ["extraHosts", "*"], label: "host *" },
  { path: ["groups", "*"], label: "groups", member: true },
  { path: ["labels", "*"], label: "label *" },
  { path: ["stopSignal"], label: "stop signal", absent: "the image's" },
  { path: ["readOnlyRoot"], label: "read-only root", value: () => "yes", absent: "no" },
  { path: ["env", "*"], label: "env.*", value: (value, name) => hostValueText(maskValue(name, String(value))) },
  { path: ["mounts", "*"], label: "mount *", value: (value) => mountText(value as MountSpec) },
  { path: ["mounts", "*", "readOnly"], label: "mount *", value: () => "read-only", absent: "read-write" },
];

/** The rows of a change of a sandbox: every field that differs, members of one set in one row. */
export function fieldRows(change: Change, style: Style): Row[] {
  const fields = fieldChanges(change.patch);
  const paths = new Set(fields.map(({ path }) => path[0]));
  const shown = fields.filter(({ path }) => !(path[0] === "imageId" && paths.has("image")));
  const rows: Row[] = [];
  for (const field of shown) {
    const { label, text, member } = rowOf(field, style);
    const note = noteOf(change, field);
    const last = rows.at(-1);
    if (member && last?.label === label && last.note === note) last.text += `, ${text}`;
    else rows.push({ label, text, ...(note ? { note } : {}) });
  }
  return rows;
}

function rowOf(field: FieldChange, style: Style): { label: string; text: string; member: boolean } {
  const known = FIELDS.find(({ path }) => matches(path, field.path));
  const key = known ? (field.path[known.path.indexOf("*")] ?? "") : "";
  const label = printable(known ? known.label.replace("*", () => key) : field.path.join("."));
  if (known?.member) {
    return { label, text: `${"after" in field ? "+" : symbol(style, "minus")} ${printable(key)}`, member: true };
  }
  const show = (side: "before" | "after"): string | undefined => {
    if (!(side in field)) return known?.absent;
    return printable(known?.value ? known.value(field[side], key) : plainText(field[side]));
  };
  const [before, after] = [show("before"), show("after")];
  if (before === undefined) return { label, text: `+ ${after}`, member: false };
  if (after === undefined) return { label, text: `${symbol(style, "minus")} ${before}`, member: false };
  return { label, text: `${before} ${symbol(style, "arrow")} ${after}`, member: false };
}

/** What a field costs when that is the whole container, and whether somebody else changed it. */
function noteOf(change: Change, { path, ...sides }: FieldChange): string | undefined {
  const pointer = pointerOf(path);
  const reasonPath = path[0] === "imageId" ? "/image" : pointer;
  const drift = change.reasons.some(
    (reason) => reason.drift && reason.path !== undefined && covers(reason.path, reasonPath),
  );
  const cause: Cause = drift ? "heal" : "change";
  const costly =
    path[0] === "image" ? imageIdChanges(change) : wayOf(pointer, cause, !("after" in sides)) === "replace";
  const notes = [
    ...(change.action === "replace" && costly ? ["replaces the container"] : []),
    ...(drift ? ["drift"] : []),
  ];
  return notes.length > 0 ? notes.join("; ") : undefined;
}

function imageIdChanges({ patch }: Change): boolean {
  return patch.some(({ op, path }) => op !== "test" && path === "/imageId");
}

function covers(reason: string, pointer: string): boolean {
  return pointer === reason || pointer.startsWith(`${reason}/`) || reason.startsWith(`${pointer}/`);
}

function matches(pattern: string[], path: string[]): boolean {
  return pattern.length === path.length && pattern.every((segment, at) => segment === "*" || segment === path[at]);
}

/** A mount for people: `./host (read-only)`, `volume NAME`, `tmpfs 64 MiB`. */
export function mountText(mount: MountSpec): string {
  if (mount.type === "tmpfs") return mount.size === undefined ? "tmpfs" : `tmpfs ${formatBytes(mount.size)}`;
  const source = mount.type === "volume" ? `volume ${mount.source}` : mount.source;
  return mount.readOnly ? `${source} (read-only)` : source;
}

export function ulimitText(value: unknown): string {
  const { soft, hard } = value as { soft: number; hard: number };
  return soft === hard ? String(soft) : `${soft}:${hard}`;
}

/** A placeholder of a value of this host: told apart from another one, but not in full length. */
export function hostValueText(text: string): string {
  return text.replaceAll(HOST_PLACEHOLDER, (_placeholder, digits: string) => `(host value ${digits.slice(0, 6)})`);
}

function plainText(value: unknown): string {
  if (Array.isArray(value)) return value.map(plainText).join(" ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** `sha256:0123456789ab…` without the noise. */
function shortId(id: string): string {
  return id.startsWith("sha256:") ? id.slice("sha256:".length, "sha256:".length + 12) : id;
}
