import * as z from "zod";

import { findings, withoutUnsound } from "../check-structure.ts";
import type { Issue } from "../errors.ts";
import { customizationsSchema } from "../manifest-schema.ts";
import type { CustomizationsFile, SettingsFile } from "../manifest-schema.ts";
import { readSettingsAt } from "../read-layer.ts";
import type { Settings } from "../read-layer.ts";
import { issueAt, pathText } from "../source.ts";
import type { IssueText, SourceDocument, ValuePath } from "../source.ts";

/** What `customizations.devc` of a devcontainer.json asks for, in normal form. */
export type Customizations = {
  /** The file, for places; values stand below `CUSTOMIZATIONS_PATH`. */
  document: SourceDocument;
  /** Only `profile`, `resources`, `volumes` and `hookTimeout` are ever there. */
  settings: Settings;
  network?: "none" | "open";
};

/** Where devc's own settings are in a devcontainer.json. */
export const CUSTOMIZATIONS_PATH: ValuePath = ["customizations", "devc"];

/** A devcontainer.json as far as this room reads it: everything but devc's own settings is somebody else's. */
const fileSchema = z.looseObject({
  customizations: z.looseObject({ devc: customizationsSchema.optional() }).optional(),
});

/** Settings that no project entry knows yet, and why. */
const NOT_YET: Record<string, string> = {
  agents: "agents are not run yet",
  ports: "ports are not published yet",
};

/**
 * Reads `customizations.devc` with the rules of a project entry: what is unknown or means nothing is an issue, because the
 * settings are devc's own. Undefined when the file has none.
 */
export function readCustomizations(document: SourceDocument): { customizations?: Customizations; issues: Issue[] } {
  const found = findings(document, fileSchema);
  const structural = found.map(({ path, issue, which }) => {
    const why = issue.code === "unknown-key" ? NOT_YET[String(path.at(-1))] : undefined;
    const known = why === undefined || path.length !== CUSTOMIZATIONS_PATH.length + 1 ? issue : notYet(path, why);
    return issueAt(document, path, known, which);
  });
  const sound = withoutUnsound(document, found, fileSchema);
  const written = fileSchema.parse(sound.value).customizations?.devc as CustomizationsFile | undefined;
  if (!written) return { issues: structural };
  const { network, ...rest } = written;
  const { settings, issues } = readSettingsAt(sound, CUSTOMIZATIONS_PATH, rest as SettingsFile);
  return {
    customizations: { document: sound, settings, ...(network ? { network: network.mode } : {}) },
    issues: [...structural, ...issues],
  };
}

function notYet(path: ValuePath, why: string): IssueText {
  return { code: "not-supported", message: `${pathText(path)}: ${why}`, expected: "the file without it" };
}
