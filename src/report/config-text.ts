import type { Desired, DesiredResource } from "../model/desired.ts";
import { valueRows } from "./config-values.ts";
import type { ConfigDocument, ValidateDocument } from "./documents/config.ts";
import { noticeText } from "./notice-text.ts";
import { maskSecrets } from "./secrets.ts";
import { paint, symbol } from "./style.ts";
import type { Style } from "./style.ts";
import { columns, printable, truncate } from "./text.ts";
import { plural } from "./units.ts";

/** Longer values, mostly commands, would push their origin out of sight; the document has them whole. */
const MAX_VALUE_CELLS = 60;

/** Where a compiled manifest comes from. */
export type ConfigSource = { version: string; path: string; sha256: string; files: string[] };

/**
 * The `devc.config/1` document of a compiled manifest. Values of secret-looking variables are hidden.
 * @param origins where each value of each project comes from
 */
export function configDocumentOf(
  desired: Desired,
  { version, path, sha256, files }: ConfigSource,
  origins: ConfigDocument["origins"],
): ConfigDocument {
  const { workspace, root, projects, resources, notices } = desired;
  return {
    format: "devc.config/1",
    devc: version,
    workspace,
    root,
    manifest: { path, sha256, files },
    projects,
    resources: maskSecrets(resources),
    origins,
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
  const notes = notices.map((notice) => `${noticeText(notice).replaceAll(/^/gm, "# ")}\n`);
  return `${notes.join("")}${stringify({ workspace, root, files: manifest.files, resources: byAddress })}`;
}

/** One project for people: each value with the place it comes from. */
export function projectText(
  { workspace, notices, origins }: ConfigDocument,
  resources: readonly DesiredResource[],
  { name, profile }: { name: string; profile: string },
  style: Style,
): string {
  const rows = valueRows(resources, profile, origins[name] ?? {}).map(([key, value, from]) => {
    return [
      printable(`${key}`),
      truncate(printable(`${value}`), MAX_VALUE_CELLS, symbol(style, "ellipsis")),
      printable(`${from}`),
    ];
  });
  const [head, ...lines] = columns([["VALUE OF", "", "FROM"], ...rows]);
  const notes = notices.map(noticeText);
  return `${[
    `${paint(style, "bold", name)} ${symbol(style, "dot")} ${workspace}`,
    "",
    paint(style, "dim", `  ${head}`),
    ...lines.map((line) => `  ${line}`),
    ...(notes.length > 0 ? ["", ...notes] : []),
  ].join("\n")}\n`;
}

/** The line about a valid manifest, by the name a person would use, and what there is to know about it. */
export function validText({ projects, notices }: ValidateDocument, file: string): string {
  const names = projects.length > 0 ? ` (${projects.join(", ")})` : "";
  const notes = notices.map((notice) => `${noticeText(notice)}\n`);
  return `${printable(file)} is valid: ${plural(projects.length, "project")}${names}.\n${notes.join("")}`;
}
