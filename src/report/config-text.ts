import type { Desired } from "../model/desired.ts";
import type { ConfigDocument, ValidateDocument } from "./documents/config.ts";
import { maskSecrets } from "./secrets.ts";
import { printable } from "./text.ts";
import { plural } from "./units.ts";

/** Where a compiled manifest comes from. */
export type ConfigSource = { version: string; path: string; sha256: string; files: string[] };

/** The `devc.config/1` document of a compiled manifest. Values of secret-looking variables are hidden. */
export function configDocumentOf(desired: Desired, { version, path, sha256, files }: ConfigSource): ConfigDocument {
  const { workspace, root, projects, resources, notices } = desired;
  return {
    format: "devc.config/1",
    devc: version,
    workspace,
    root,
    manifest: { path, sha256, files },
    projects,
    resources: maskSecrets(resources),
    notices,
  };
}

/**
 * The document for people: resources by address.
 * @param stringify writes YAML; passed in because the library is loaded only for this
 */
export function configText(document: ConfigDocument, stringify: (value: unknown) => string): string {
  const { workspace, root, manifest, resources, notices } = document;
  const byAddress = Object.fromEntries(
    resources.map(({ address, project: _project, kind: _kind, ...rest }) => [address, rest]),
  );
  const notes = notices.map(({ project, message }) => `# ${project ? `${project}: ` : ""}${printable(message)}\n`);
  return `${notes.join("")}${stringify({ workspace, root, files: manifest.files, resources: byAddress })}`;
}

/** The line about a valid manifest, by the name a person would use, and what there is to know about it. */
export function validText({ projects, notices }: ValidateDocument, file: string): string {
  const names = projects.length > 0 ? ` (${projects.join(", ")})` : "";
  const notes = notices.map(({ project, message }) => `Note: ${project ? `${project}: ` : ""}${printable(message)}\n`);
  return `${printable(file)} is valid: ${plural(projects.length, "project")}${names}.\n${notes.join("")}`;
}
