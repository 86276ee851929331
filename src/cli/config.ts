import { compile } from "../model/compile.ts";
import { configDocumentOf, configText } from "../report/config-text.ts";
import { COMMON, COMMON_HELP } from "./common.ts";
import type { Context } from "./context.ts";
import type { Input, OperandSpec, OptionTable } from "./options.ts";
import { openWorkspace } from "./prepare.ts";

export const options = { ...COMMON } as const satisfies OptionTable;

export const operands: OperandSpec = { usage: "", min: 0, max: 0 };

export const help = `Usage: devc config [OPTIONS]

Prints what devc.yaml compiles to: every image, volume, network and sandbox with all defaults, profiles and extended
files merged. Needs no engine, so limits stand as written, not as an engine clamps them. Values of variables whose
names look like secrets are hidden.

${COMMON_HELP}
Examples:
  devc config
  devc config --json | jq '.resources[] | select(.kind == "sandbox") | .spec.capabilities'
`;

/** Compiles and prints. */
export async function run(context: Context, { options: given }: Input<typeof options>): Promise<number> {
  const { reporter, version } = context;
  const workspace = await openWorkspace(context, given.file);
  const { path, sha256, files } = workspace;
  const desired = compile(workspace.manifest, undefined);
  const document = configDocumentOf(desired, { version, path, sha256, files });
  if (!reporter.json) {
    const { stringify } = await import("yaml");
    reporter.result(configText(document, (value) => stringify(value)));
  }
  reporter.document(document);
  return 0;
}
