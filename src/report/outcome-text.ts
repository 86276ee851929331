import { parseAddress } from "../model/names.ts";
import type { Outcome, ResourceResult } from "../reconcile/events.ts";
import type { Action, Plan } from "../reconcile/plan-types.ts";
import { paint, symbol } from "./style.ts";
import type { Style } from "./style.ts";
import { printable } from "./text.ts";
import { formatDuration } from "./units.ts";

const PAST: Record<Action, string> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  start: "started",
  stop: "stopped",
  resume: "finished",
  none: "unchanged",
};

/** How an apply ended, for people: every failure in full, then one line of counts. */
export function outcomeText(outcome: Outcome, plan: Plan, style: Style, verb = "Applied"): string {
  const failed = outcome.resources.filter(({ result }) => result === "failed");
  const actions = new Map(plan.changes.map(({ address, action }) => [address, action]));
  const blocks = failed.map((one) => failureText(one, actions.get(one.address), style));
  return `${[...blocks, lastLine(outcome, plan, style, verb)].join("\n")}\n`;
}

function failureText({ address, error }: ResourceResult, action: Action | undefined, style: Style): string {
  const head = `${paint(style, "red", symbol(style, "failed"))} ${paint(style, "bold", address)}: ${printable(error?.message ?? "failed")}`;
  const code = error ? ` ${paint(style, "dim", `[${error.code}]`)}` : "";
  const after = error?.code === "hook-failed" ? [`    ${afterFailedCommand(address, action)}`] : [];
  return [`${head}${code}`, ...(error?.details ?? []).map((line) => `    ${printable(line)}`), ...after].join("\n");
}

function afterFailedCommand(address: string, action: Action | undefined): string {
  const project = parseAddress(address)?.project ?? "";
  return action === "replace"
    ? `the sandbox that was there goes on; 'devc up ${project}' tries again`
    : `the sandbox runs; 'devc up ${project}' runs again what has not succeeded`;
}

function lastLine(outcome: Outcome, plan: Plan, style: Style, verb: string): string {
  const results = new Map(outcome.resources.map((one) => [one.address, one.result]));
  const sandboxes = plan.changes.filter(({ kind, ops }) => kind === "sandbox" && ops.length > 0);
  const done = sandboxes.filter(({ address }) => results.get(address) === "done");
  const counts = (["create", "update", "replace", "start", "stop", "resume", "delete"] as const)
    .map((action) => [done.filter((change) => change.action === action).length, PAST[action]] as const)
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${count} ${text}`);
  const others = (["failed", "skipped"] as const)
    .map((result) => [outcome.resources.filter((one) => one.result === result).length, result] as const)
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${count} ${text}`);
  const texts = [...(counts.length > 0 ? counts : ["no sandbox changed"]), ...others];
  const clean = others.length === 0 && !outcome.interrupted;
  const head = outcome.interrupted ? "Interrupted" : clean ? verb : `${verb} in part`;
  const line = paint(style, "bold", `${head}: ${texts.join(", ")}.`);
  return `${line}   (${formatDuration(outcome.durationMs)})`;
}
