import { EXIT } from "../model/errors.ts";
import { planDocumentOf } from "../report/plan-json.ts";
import { planText } from "../report/plan-text.ts";
import { COMMON, COMMON_HELP, PLANNING } from "./common.ts";
import type { Context } from "./context.ts";
import { nextCommand } from "./next-command.ts";
import type { Input, OperandSpec, OptionTable } from "./options.ts";
import { usage } from "./options.ts";
import { openEngine, openWorkspace, prepare } from "./prepare.ts";
import { requestOf } from "./request.ts";
import { writeSavedPlan } from "./saved-plan-file.ts";

export const options = {
  ...COMMON,
  ...PLANNING,
  out: { type: "string", short: "o" },
  offline: { type: "boolean" },
  "detailed-exitcode": { type: "boolean" },
} as const satisfies OptionTable;

export const operands: OperandSpec = { usage: "", min: 0, max: 0 };

export const help = `Usage: devc plan [OPTIONS]

Shows what 'devc apply' would change. Only reads.

  -p, --project NAME       only this project; may be repeated
      --refresh            inspect every container: also finds limits that others changed
      --offline            compare with an empty engine; needs none
  -o, --out FILE           save the plan for 'devc apply FILE'
      --detailed-exitcode  exit code 2 when changes are pending
      --prune-volumes      plan to delete volumes that are no longer declared
      --allow-delete N     plan to delete up to N sandboxes at once

${COMMON_HELP}
Examples:
  devc plan
  devc plan -p web --verbose
  devc plan --offline --json | jq .summary
  devc plan -o p.json && devc apply p.json
`;

/** Compares and prints; the exit code tells about changes when it was asked to. */
export async function run(context: Context, { options: given }: Input<typeof options>): Promise<number> {
  const { reporter } = context;
  const began = context.clock.now();
  if (given.offline && given.out !== undefined) throw usage("--out needs an engine; leave out --offline", "plan");
  const workspace = await openWorkspace(context, given.file);
  const engine = given.offline ? undefined : await openEngine(context);
  const request = requestOf(given);
  const prepared = await prepare(context, workspace, engine, request, began);
  const { plan, view } = prepared;
  const pending = plan.changes.some(({ action }) => action !== "none");
  if (given.out !== undefined && engine) writeSavedPlan(context, given.out, { ...prepared, request, engine });
  const next = given.offline
    ? {}
    : { next: nextCommand(given.out === undefined ? "apply" : `apply ${given.out}`, given) };
  reporter.result(planText({ ...view, ...next }, reporter.out, { verbose: reporter.verbose }));
  reporter.document(planDocumentOf(view));
  return given["detailed-exitcode"] && pending ? EXIT.changes : EXIT.ok;
}
