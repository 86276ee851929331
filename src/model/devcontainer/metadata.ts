import { DEVCONTAINER_LABEL } from "./labels.ts";
import type { DevcontainerConfig, MetadataEntry } from "./config.ts";
import { METADATA_SHAPES } from "./metadata-shapes.ts";
import { namelessVariable } from "./variables.ts";

/** What a label says. `problem` names what is wrong with it; what is sound of the rest still counts. */
export type ParsedMetadata = { entries: MetadataEntry[]; problem?: string };

/** Longest label that is looked at, in characters: the specification advises engines against headers above 500 kB. */
const MAX_LABEL_LENGTH = 1024 * 1024;

/** Deepest nesting of a label; what works on entries recurses. */
const MAX_DEPTH = 100;

/** What a devcontainer.json passes on in the label; the rest of it concerns only how its own container is made. */
const LABEL_KEYS = [
  "onCreateCommand",
  "updateContentCommand",
  "postCreateCommand",
  "postStartCommand",
  "postAttachCommand",
  "waitFor",
  "customizations",
  "mounts",
  "containerEnv",
  "containerUser",
  "init",
  "privileged",
  "capAdd",
  "securityOpt",
  "remoteUser",
  "userEnvProbe",
  "remoteEnv",
  "overrideCommand",
  "portsAttributes",
  "otherPortsAttributes",
  "forwardPorts",
  "shutdownAction",
  "updateRemoteUserUID",
  "hostRequirements",
] as const satisfies (keyof DevcontainerConfig)[];

/**
 * Reads the label of an image: a list of entries, or one entry. A label is outside input: members of a wrong type are left
 * out and named in `problem`; unknown members are kept, because they are passed on.
 */
export function parseMetadata(label: string | undefined): ParsedMetadata {
  if (label === undefined || label === "") return { entries: [] };
  if (label.length > MAX_LABEL_LENGTH) return unusable("it is longer than 1 MiB");
  const value = parseJson(label);
  if (value === undefined) return unusable("it is not JSON");
  if (isDeeperThan(value, MAX_DEPTH)) return unusable(`it is nested more than ${MAX_DEPTH} levels deep`);
  const written: unknown[] = Array.isArray(value) ? value : [value];
  const problems: string[] = [];
  const entries = written.flatMap((entry, index) => {
    if (isMap(entry)) return [soundPart(entry, index, problems)];
    problems.push(`entry ${index + 1} is no map`);
    return [];
  });
  return problems.length > 0
    ? { entries, problem: `${DEVCONTAINER_LABEL.metadata}: ${problems.join("; ")}` }
    : { entries };
}

/** The part of a devcontainer.json that belongs into the label, as written: variables are put in by whoever reads it. */
export function metadataEntryOf(raw: DevcontainerConfig): MetadataEntry {
  return Object.fromEntries(LABEL_KEYS.flatMap((key) => (key in raw ? [[key, raw[key]]] : [])));
}

/** The label's text. Entries that say nothing are left out. */
export function metadataLabel(entries: readonly MetadataEntry[]): string {
  return JSON.stringify(entries.filter((entry) => Object.keys(entry).length > 0));
}

function unusable(reason: string): ParsedMetadata {
  return { entries: [], problem: `${DEVCONTAINER_LABEL.metadata} cannot be read: ${reason}` };
}

function soundPart(entry: Record<string, unknown>, index: number, problems: string[]): MetadataEntry {
  const sound = Object.entries(entry).filter(([key, value]) => {
    const shape = Object.hasOwn(METADATA_SHAPES, key) ? METADATA_SHAPES[key] : undefined;
    const wrong = shape !== undefined && !shape(value);
    const fault = wrong ? "a wrong type" : namelessIn(value) ? "a variable without a name" : undefined;
    if (fault !== undefined) problems.push(`${key} of entry ${index + 1} has ${fault} and is left out`);
    return fault === undefined;
  });
  return Object.fromEntries(sound);
}

function namelessIn(value: unknown): boolean {
  if (typeof value === "string") return namelessVariable(value) !== undefined;
  return value !== null && typeof value === "object" && Object.values(value).some(namelessIn);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== "object") return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
