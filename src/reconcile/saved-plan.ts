import { canonicalJson } from "../model/json.ts";
import { DevcError } from "../model/errors.ts";
import { summarize } from "./guards.ts";
import type { Change, Plan } from "./plan-types.ts";

/** What a saved plan relies on, resource by resource, and what it was made for. */
export type SavedPlan = {
  /** devc version: another one may compile the same manifest otherwise. */
  devc: string;
  /** Hash over all files that took part in the manifest. */
  manifest: string;
  engine: string;
  /**
   * Placeholders of the values of the host that were to be used. They tell nothing without the key of this user, and another
   * value has another one.
   */
  hostValues: string[];
  changes: Pick<Change, "address" | "action" | "reasons" | "expect">[];
};

/** The part of a plan that is saved: no specs and no values, so no secrets. */
export function savedPlanOf(plan: Plan, from: Omit<SavedPlan, "changes">): SavedPlan {
  const changes = plan.changes
    .filter(({ ops, awaitsImage }) => ops.length > 0 || awaitsImage)
    .map(({ address, action, reasons, expect }) => ({ address, action, reasons, expect }));
  return { ...from, changes };
}

/**
 * The part of a fresh plan that a saved one allows. What is already as the saved plan wanted it is left out; nothing is
 * ever added. Other resources may have changed meanwhile: they do not matter.
 * @throws DevcError `plan-stale` naming every mismatch, before anything was changed
 */
export function restrictToSaved(saved: SavedPlan, fresh: Plan, now: Omit<SavedPlan, "changes">): Plan {
  const troubles = [
    ...(saved.manifest === now.manifest ? [] : ["the manifest has changed"]),
    ...(saved.engine === now.engine ? [] : ["it was made for another engine"]),
    ...(saved.hostValues.every((value) => now.hostValues.includes(value))
      ? []
      : ["a value that is taken from the host's environment has changed"]),
    ...(saved.devc === now.devc ? [] : [`it was made by devc ${saved.devc}`]),
  ];
  const byAddress = new Map(fresh.changes.map((change) => [change.address, change]));
  const allowed = new Set(saved.changes.map(({ address }) => address));
  for (const { address, ...was } of saved.changes) {
    const is = byAddress.get(address);
    if (!is || is.action === "none") continue;
    const same = canonicalJson({ action: is.action, reasons: is.reasons, expect: is.expect }) === canonicalJson(was);
    if (!same) troubles.push(`${address} is no longer as it was planned (${was.action}, now ${is.action})`);
  }
  const ops = fresh.ops.filter(({ address }) => allowed.has(address));
  const numbers = new Set(ops.map(({ n }) => n));
  for (const { address, after } of ops) {
    if (!after.every((n) => numbers.has(n))) troubles.push(`${address} now needs more than was planned`);
  }
  if (troubles.length > 0) {
    throw new DevcError("plan-stale", "the saved plan no longer fits", {
      details: [...new Set(troubles)],
      hint: "run devc plan again",
    });
  }
  const changes = fresh.changes.filter(({ address }) => allowed.has(address));
  return { ...fresh, changes, ops, summary: summarize(changes) };
}
