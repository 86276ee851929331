import { DevcError } from "../model/errors.ts";
import { nearest } from "../model/nearest.ts";
import { COMMON, COMMON_HELP } from "./common.ts";
import type { Context } from "./context.ts";
import type { Input, OperandSpec, OptionTable } from "./options.ts";

export const options = { ...COMMON } as const satisfies OptionTable;

export const operands: OperandSpec = { usage: "[NAME]", min: 0, max: 1 };

export const help = `Usage: devc schema [NAME] [OPTIONS]

Prints a JSON Schema (draft 2020-12) on standard output: of the manifest (default), or of what commands print and write:
  manifest        devc.yaml
  customizations  customizations.devc of a devcontainer.json
  plan            devc plan --json
  events          one line of devc apply --json
  status          devc status --json
  config          devc config --json
  validate        devc validate --json
  error           every command that fails, with --json
  saved-plan      devc plan -o FILE

${COMMON_HELP}
Examples:
  devc schema > devc.schema.json
  devc schema events
`;

/** Prints one schema. */
export async function run(context: Context, { operands: [name = "manifest"] }: Input<typeof options>): Promise<number> {
  const { SCHEMAS } = await import("./schema-table.ts");
  const schemaOf = Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name] : undefined;
  if (!schemaOf) {
    const names = Object.keys(SCHEMAS);
    const near = nearest(name, names);
    throw new DevcError("usage", `there is no schema '${name}'${near ? `; did you mean '${near}'?` : ""}`, {
      hint: `schemas: ${names.join(", ")}`,
    });
  }
  context.streams.stdout.write(`${JSON.stringify(schemaOf(), undefined, 2)}\n`);
  return 0;
}
