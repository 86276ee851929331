import { relative } from "node:path";

import { compile } from "../model/compile.ts";
import type { ValidateDocument } from "../report/documents/config.ts";
import { validText } from "../report/config-text.ts";
import { COMMON, COMMON_HELP } from "./common.ts";
import type { Context } from "./context.ts";
import type { Input, OperandSpec, OptionTable } from "./options.ts";
import { openWorkspace } from "./prepare.ts";
import { surroundingsOf } from "./surroundings.ts";

export const options = { ...COMMON } as const satisfies OptionTable;

export const operands: OperandSpec = { usage: "", min: 0, max: 0 };

export const help = `Usage: devc validate [OPTIONS]

Checks devc.yaml, every file that takes part in it and the devcontainer.json of each project, without an engine. All
errors of a file are shown at once, each with its place; then the exit code is 64.

${COMMON_HELP}
Examples:
  devc validate
  devc validate -f other/devc.yaml --json
`;

/** In the form of a placeholder for a value of the host. */
const NAMELESS = `hosts:${"0".repeat(32)}`;

/** Reads, compiles, says so. */
export async function run(context: Context, { options: given }: Input<typeof options>): Promise<number> {
  const { reporter, version } = context;
  const workspace = await openWorkspace(context, given.file);
  // Nothing of the sandboxes is shown, so nothing of the environment needs a name that lasts.
  const surroundings = { ...surroundingsOf(context, {}), hide: () => NAMELESS };
  const { workspace: name, projects, notices } = compile(workspace.manifest, undefined, surroundings);
  const { path, sha256, files } = workspace;
  const document: ValidateDocument = {
    format: "devc.validate/1",
    devc: version,
    valid: true,
    workspace: name,
    manifest: { path, sha256, files },
    projects,
    notices,
  };
  const shown = relative(context.cwd, path);
  reporter.result(validText(document, shown.startsWith("..") ? path : shown));
  reporter.document(document);
  return 0;
}
