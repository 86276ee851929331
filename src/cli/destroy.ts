import type { Plan } from "../reconcile/plan-types.ts";
import { plural } from "../report/units.ts";
import { APPLYING, COMMON, COMMON_HELP } from "./common.ts";
import type { Context } from "./context.ts";
import { converge } from "./converge.ts";
import type { Input, OperandSpec, OptionTable } from "./options.ts";

export const options = {
  ...COMMON,
  ...APPLYING,
  project: { type: "string", short: "p", multiple: true },
  "prune-volumes": { type: "boolean" },
} as const satisfies OptionTable;

export const operands: OperandSpec = { usage: "", min: 0, max: 0 };

export const help = `Usage: devc destroy [OPTIONS]

Removes the sandboxes and networks of this workspace and the images devc built for it. Always asks, or wants --yes.
Volumes and their data stay unless --prune-volumes is given; images that were pulled stay. Projects with 'protect: true'
are refused.

  -p, --project NAME       only this project; may be repeated
      --prune-volumes      also delete the volumes, with their data
  -y, --yes                do not ask
      --parallel N         at most N engine calls at once
      --wait SECONDS       wait for another devc that works on this workspace; default 0

${COMMON_HELP}
Examples:
  devc destroy
  devc destroy -p scratch --yes
  devc destroy --prune-volumes
`;

/** Converges to nothing. */
export async function run(context: Context, { options: given }: Input<typeof options>): Promise<number> {
  const projects = [...new Set(given.project)].toSorted();
  return converge(context, given, {
    request: {
      ...(projects.length > 0 ? { projects } : {}),
      pruneVolumes: given["prune-volumes"],
      refresh: false,
      destroy: true,
    },
    question: (plan) => question(plan, given["prune-volumes"]),
    verb: "Destroyed",
  });
}

/** Nothing is asked about nothing. */
function question({ changes, ops, kept }: Plan, prune: boolean): string | undefined {
  if (ops.length === 0) return undefined;
  const deleted = changes.filter(({ action }) => action === "delete");
  const sandboxes = deleted.filter(({ kind }) => kind === "sandbox").map(({ project }) => project);
  const volumes = deleted.filter(({ kind }) => kind === "volume").length;
  const data = prune ? `${plural(volumes, "volume")} and all data in ${volumes === 1 ? "it" : "them"}` : undefined;
  const stay = kept.length > 0 ? `; ${plural(kept.length, "volume")} will stay` : "";
  const what = `${plural(sandboxes.length, "sandbox", "sandboxes")}${sandboxes.length > 0 ? ` (${sandboxes.join(", ")})` : ""}`;
  return `${[what, ...(data ? [data] : [])].join(" and ")} will be removed${stay}`;
}
