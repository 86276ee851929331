import type { OptionTable } from "./options.ts";

/** Options of every command. */
export const COMMON = {
  file: { type: "string", short: "f" },
  directory: { type: "string", short: "C" },
  engine: { type: "string" },
  json: { type: "boolean" },
  quiet: { type: "boolean", short: "q" },
  verbose: { type: "boolean" },
  "no-color": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const satisfies OptionTable;

/** Options of commands that compare the manifest with an engine. */
export const PLANNING = {
  project: { type: "string", short: "p", multiple: true },
  refresh: { type: "boolean" },
  "prune-volumes": { type: "boolean" },
  "allow-delete": { type: "integer" },
} as const satisfies OptionTable;

/** Options of commands that change an engine. */
export const APPLYING = {
  yes: { type: "boolean", short: "y" },
  "approve-loosening": { type: "boolean" },
  parallel: { type: "integer" },
  wait: { type: "integer" },
} as const satisfies OptionTable;

/** The part of every command's help that is the same. */
export const COMMON_HELP = `Options of every command:
  -f, --file FILE     the manifest; default: devc.yaml in this folder or the nearest one above
  -C, --directory DIR work as if started in DIR
      --engine URL    the container engine: unix://, tcp://, ssh:// or npipe://; default: found as 'devc --help' says
      --json          machine-readable result on standard output
  -q, --quiet         no progress and no messages
      --verbose       show every field
      --no-color      no colours; NO_COLOR and FORCE_COLOR are honoured
  -h, --help          this text
`;
