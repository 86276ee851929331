import { DevcError } from "../model/errors.ts";
import { APPLYING, COMMON, COMMON_HELP, PLANNING } from "./common.ts";
import type { Context } from "./context.ts";
import { converge } from "./converge.ts";
import type { Input, OperandSpec, OptionTable } from "./options.ts";
import { usage } from "./options.ts";
import { requestOf } from "./request.ts";
import { readSavedPlan } from "./saved-plan-file.ts";

export const options = { ...COMMON, ...PLANNING, ...APPLYING } as const satisfies OptionTable;

export const operands: OperandSpec = { usage: "[PLANFILE]", min: 0, max: 1 };

/** The options of commands that apply, for their help. */
export const APPLYING_HELP = `  -y, --yes                do not ask before deleting
      --approve-loosening  allow sandboxes more than before without asking
      --parallel N         at most N engine calls at once
      --wait SECONDS       wait for another devc that works on this workspace; default 0`;

export const help = `Usage: devc apply [PLANFILE] [OPTIONS]

Makes the engine match devc.yaml with the smallest set of changes. Running it again changes nothing. One project that
fails does not stop the others; what fails is undone. Asks before it deletes and before a sandbox may do more than it
could.

  PLANFILE                 apply exactly what 'devc plan -o PLANFILE' saved, or refuse (exit code 4)

  -p, --project NAME       only this project; may be repeated
${APPLYING_HELP}
      --refresh            inspect every container: also heals limits that others changed
      --prune-volumes      delete volumes that are no longer declared, with their data
      --allow-delete N     allow to delete up to N sandboxes at once

${COMMON_HELP}
Examples:
  devc apply
  devc apply -p web -p api --yes
  devc apply --json | jq -r .text
`;

/** Plans under the lock, asks what must be asked, executes, tells how it ended. */
export async function run(
  context: Context,
  { options: given, operands: [file] }: Input<typeof options>,
): Promise<number> {
  if (file === undefined) return converge(context, given, { request: requestOf(given) });
  const clash =
    given.project.length > 0 || given.refresh || given["prune-volumes"] || given["allow-delete"] !== undefined;
  if (clash) throw usage("a saved plan already says what to do: give such options to 'devc plan -o'", "apply");
  const { request, saved, root } = await readSavedPlan(context, file);
  return converge(context, given, { request, saved, check: (workspace) => checkRoot(file, root, workspace.root) });
}

function checkRoot(file: string, saved: string, root: string): void {
  if (saved === root) return;
  throw new DevcError("plan-stale", `${file} was saved for another workspace`, {
    details: [`saved for ${saved}`, `this is ${root}`],
    hint: `cd ${saved}`,
  });
}
