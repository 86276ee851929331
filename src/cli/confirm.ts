import { DevcError } from "../model/errors.ts";
import { needsApproval } from "../model/posture.ts";
import type { Change, Plan } from "../reconcile/plan-types.ts";
import { ask } from "../report/ask.ts";
import { plural } from "../report/units.ts";
import type { Context } from "./context.ts";

/** What the person said on the command line. */
export type Consent = {
  yes: boolean;
  approveLoosening: boolean;
  /** Ask although nothing is deleted. */ always?: string;
  /** An earlier round of this apply has changed something. */
  begun?: boolean;
};

/** Whether a plan passes only when the person says so, or not at all. */
export function needsConsent({ changes }: Plan, { yes, approveLoosening }: Consent): boolean {
  const guarded = changes.some(({ guards }) => guards.length > 0);
  const loosens = !approveLoosening && changes.some(({ security }) => needsApproval(security));
  const deletes = !yes && deletionText(changes.filter(({ action }) => action === "delete")) !== undefined;
  return guarded || loosens || deletes;
}

/**
 * Lets a plan pass or not. A guard always refuses. A loosening needs the person: a prompt or `--approve-loosening`.
 * Deletions need a prompt or `--yes`. Where nobody can be asked and nothing was said, the answer is no.
 * @throws DevcError `refused` naming the rule and the way out
 */
export async function confirm(context: Context, plan: Plan, consent: Consent): Promise<void> {
  const left = consent.begun ? "the images are there, and nothing else was changed" : "nothing was changed";
  refuseGuarded(plan.changes, left);
  const loosening = plan.changes.filter(({ security }) => needsApproval(security));
  if (loosening.length > 0 && !consent.approveLoosening) {
    const what = `${plural(loosening.length, "sandbox", "sandboxes")} will be allowed more than before (${names(loosening)})`;
    await demand(context, what, { question: "Approve?", flag: "--approve-loosening", left });
  }
  const deleted = plan.changes.filter(({ action }) => action === "delete");
  const question = consent.always ?? deletionText(deleted);
  if (question !== undefined && !consent.yes)
    await demand(context, question, { question: "Go on?", flag: "--yes", left });
}

function refuseGuarded(changes: Change[], left: string): void {
  const guards = changes.flatMap((change) => change.guards);
  const [first] = guards;
  if (!first) return;
  const messages = [...new Set(guards.map(({ message }) => message))];
  const hints = [...new Set(guards.map(({ hint }) => hint))];
  throw new DevcError("refused", `a guard forbids this plan; ${left}`, {
    details: messages,
    hint: hints.join("; "),
  });
}

function deletionText(deleted: Change[]): string | undefined {
  const sandboxes = deleted.filter(({ kind }) => kind === "sandbox");
  const volumes = deleted.filter(({ kind }) => kind === "volume");
  const parts = [
    ...(sandboxes.length > 0 ? [`${plural(sandboxes.length, "sandbox", "sandboxes")} (${names(sandboxes)})`] : []),
    ...(volumes.length > 0
      ? [`${plural(volumes.length, "volume")} with all data (${volumes.map(({ address }) => address).join(", ")})`]
      : []),
  ];
  return parts.length > 0 ? `${parts.join(" and ")} will be deleted` : undefined;
}

function names(changes: Change[]): string {
  return changes.map(({ project }) => project).join(", ");
}

type Demand = { question: string; flag: string; left: string };

async function demand(context: Context, what: string, { question, flag, left }: Demand): Promise<void> {
  const { reporter, streams, stopping } = context;
  if (!reporter.interactive) {
    throw new DevcError("refused", `${what}, and nobody can be asked; ${left}`, {
      hint: `if that is meant, run again with ${flag}`,
    });
  }
  const yes = await ask(`\n${what}. ${question}`, streams, stopping);
  if (!yes) throw new DevcError("refused", `not confirmed; ${left}`);
}
