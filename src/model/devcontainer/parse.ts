import type { Issue } from "../errors.ts";
import { pathText, positionAt } from "../source.ts";
import type { Marks, SourceDocument, SourceText, ValuePath } from "../source.ts";
import { checkDevcontainer } from "./check.ts";
import type { DevcontainerConfig } from "./config.ts";
import { mapLegacy } from "./legacy.ts";
import type { DevcontainerWarning } from "./legacy.ts";
import { parseJsonc } from "./parse-jsonc.ts";

/** A devcontainer.json that devc can run, and where its values stand. */
export type DevcontainerDocument = {
  /** As written, old names mapped; variables stand in it. */
  config: DevcontainerConfig;
  /** Line and column of each value by its path, `containerEnv.NODE_ENV`, `mounts[1]`; of other tools' settings only the tool. */
  places: Record<string, [line: number, column: number]>;
  /** Unknown, old and ignored keys; each message begins with `file:line`. */
  warnings: DevcontainerWarning[];
  /** For issues about values that are checked elsewhere; old names are mapped in it too. */
  document: SourceDocument;
};

/**
 * Parses and checks a devcontainer.json: JSON with comments and trailing commas. Without a document there is at least one issue.
 * https://containers.dev/implementors/json_reference/
 */
export function parseDevcontainer(source: SourceText): { document?: DevcontainerDocument; issues: Issue[] } {
  const parsed = parseJsonc(source, isForTools);
  if (parsed.issues) return { issues: parsed.issues };
  const { issues, warnings } = checkDevcontainer(parsed.document);
  if (issues.length > 0) return { issues };
  const mapped = mapLegacy(parsed.document);
  const { document } = mapped;
  return {
    document: {
      config: document.value as DevcontainerConfig,
      places: placesOf(document),
      warnings: [...warnings, ...mapped.warnings],
      document,
    },
    issues: [],
  };
}

/** Settings of other tools: devc passes them on and shows them nowhere. */
function isForTools([top, tool]: ValuePath): boolean {
  if (top === "customizations") return tool !== undefined && tool !== "devc";
  return top === "settings" || top === "extensions";
}

function placesOf({ source, marks }: SourceDocument): DevcontainerDocument["places"] {
  const places: [string, [number, number]][] = [];
  const visit = (at: Marks, path: ValuePath): void => {
    const { line, column } = positionAt(source, at.start);
    if (path.length > 0) places.push([pathText(path), [line, column]]);
    if (isForTools(path)) return;
    for (const [key, { value }] of at.members ?? []) visit(value, [...path, key]);
    for (const [index, item] of (at.items ?? []).entries()) visit(item, [...path, index]);
  };
  visit(marks, []);
  return Object.fromEntries(places);
}
