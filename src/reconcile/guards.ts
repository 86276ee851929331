import { needsApproval } from "../model/posture.ts";
import type { Change, Guard, Summary } from "./plan-types.ts";

/**
 * Refuses a plan that would delete many sandboxes at once: more than two and more than three in ten of those that exist,
 * unless the person names the number. A manifest that lost half its projects is most likely a mistake.
 * @param existing sandboxes of the workspace that exist now
 * @param allowed the number given with `--allow-delete`
 */
export function guardMassDelete(changes: Change[], existing: number, allowed: number | undefined): Change[] {
  const deletes = changes.filter(({ kind, action }) => kind === "sandbox" && action === "delete").length;
  const limit = allowed ?? Math.max(2, Math.floor(existing * 0.3));
  if (deletes <= limit) return changes;
  const guard: Guard = {
    code: "mass-delete",
    message: `the plan deletes ${deletes} of ${existing} sandboxes`,
    hint: `if that is meant, run again with --allow-delete ${deletes}`,
  };
  return changes.map((change) => {
    const concerned = change.kind === "sandbox" && change.action === "delete";
    return concerned ? { ...change, guards: [...change.guards, guard] } : change;
  });
}

/** Counts of a plan by action. */
export function summarize(changes: Change[]): Summary {
  const count = (action: Change["action"]): number => changes.filter((change) => change.action === action).length;
  return {
    create: count("create"),
    update: count("update"),
    replace: count("replace"),
    delete: count("delete"),
    start: count("start"),
    stop: count("stop"),
    resume: count("resume"),
    unchanged: count("none"),
    drift: changes.filter(({ drift }) => drift).length,
    loosening: changes.filter(({ security }) => needsApproval(security)).length,
  };
}
