import type { DevcError } from "../model/errors.ts";
import type { Outcome } from "../reconcile/events.ts";
import type { EventLine } from "./documents/events.ts";
import { errorBodyOf } from "./error-body.ts";
import { summaryText } from "./event-text.ts";
import { planDocumentOf } from "./plan-json.ts";
import type { PlanView } from "./plan-view.ts";

/** The first line of a `devc.events/1` stream. */
export function versionLine(devc: string): EventLine {
  return { type: "version", format: "devc.events/1", devc };
}

/** The line with the plan that is about to be applied. `now`: milliseconds since the epoch. */
export function planLine(view: PlanView, now: number): EventLine {
  return { type: "plan", at: new Date(now).toISOString(), text: "plan", plan: planDocumentOf(view) };
}

/** The last line of an apply: how all its rounds ended. */
export function summaryLine(outcome: Outcome, now: number): EventLine {
  return { type: "summary", at: new Date(now).toISOString(), text: summaryText(outcome), outcome };
}

/** The last line of a stream that an error ended. */
export function errorLine(error: DevcError, now: number): EventLine {
  return { type: "error", at: new Date(now).toISOString(), text: error.message, error: errorBodyOf(error) };
}
