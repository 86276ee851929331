import type { Operation } from "fast-json-patch";

/** One field that changes. An absent side means that the field is not there. */
export type FieldChange = {
  /** Decoded segments of the JSON pointer. */
  path: string[];
  before?: unknown;
  after?: unknown;
};

/** Objects of a spec that are shown member by member. */
const OPENED = new Set([
  "resources",
  "network",
  "network/networks",
  "capabilities",
  "capabilities/add",
  "capabilities/drop",
  "env",
  "mounts",
  "ulimits",
  "extraHosts",
  "groups",
  "labels",
]);

/** Turns an RFC 6902 patch whose `test` operations carry the old values into the fields that change, in its order. */
export function fieldChanges(patch: Operation[]): FieldChange[] {
  const tested = new Map<string, unknown>();
  const found: FieldChange[] = [];
  for (const operation of patch) {
    const path = segmentsOf(operation.path);
    if (operation.op === "test") tested.set(operation.path, operation.value);
    else if (operation.op === "add") found.push(...open({ path, after: operation.value }));
    else if (operation.op === "remove") found.push(...open({ path, before: tested.get(operation.path) }));
    else if (operation.op === "replace") {
      found.push(...open({ path, before: tested.get(operation.path), after: operation.value }));
    }
  }
  return found;
}

/** The JSON pointer of segments. */
export function pointerOf(segments: string[]): string {
  return segments.map((segment) => `/${segment.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function segmentsOf(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function open(change: FieldChange): FieldChange[] {
  const { path, before, after } = change;
  if (path.length > 0 && !OPENED.has(path.join("/"))) return [change];
  const [was, is] = [membersOf(before), membersOf(after)];
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return keys.flatMap((key) =>
    open({
      path: [...path, key],
      ...(Object.hasOwn(was, key) ? { before: was[key] } : {}),
      ...(Object.hasOwn(is, key) ? { after: is[key] } : {}),
    }),
  );
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
