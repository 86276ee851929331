import { parseAddress } from "../model/names.ts";
import { needsApproval } from "../model/posture.ts";
import type { ContainerSpec } from "../model/spec.ts";
import type { Action, Change, Op, Plan } from "../reconcile/plan-types.ts";
import { createdRows } from "./created.ts";
import { noticeText } from "./notice-text.ts";
import { commandRows, imageRow } from "./plan-rows.ts";
import type { PlanView } from "./plan-view.ts";
import { fieldRows } from "./rows.ts";
import type { Row } from "./rows.ts";
import { paint, symbol } from "./style.ts";
import type { Paint, Style } from "./style.ts";
import { printable } from "./text.ts";
import { formatDuration, plural } from "./units.ts";

const ACTIONS: Record<Action, { text: string; paint: Paint }> = {
  create: { text: "create", paint: "green" },
  update: { text: "update in place", paint: "yellow" },
  replace: { text: "replace", paint: "magenta" },
  delete: { text: "delete", paint: "red" },
  start: { text: "start", paint: "cyan" },
  stop: { text: "stop", paint: "cyan" },
  resume: { text: "finish an interrupted apply", paint: "cyan" },
  none: { text: "unchanged", paint: "dim" },
};

/** Nothing was interrupted: commands are left that failed or were never reached. */
const COMMANDS = { text: "run its commands", paint: "cyan" } as const;

function onlyCommands({ action, reasons }: Change): boolean {
  return action === "resume" && reasons.every(({ code }) => code === "hooks-pending");
}

/** Remarks on a change stand below each other. */
const ACTION_WIDTH = 18;

/** The plan for people. Symbols carry the meaning; colour repeats it. Ends with a line break. */
export function planText(view: PlanView, style: Style, options: { verbose: boolean }): string {
  const { plan } = view;
  const blocks = projectBlocks(view, style, options.verbose);
  const parts = [
    [headline(view, style)],
    blocks,
    noteLines(plan, style),
    blocks.length > 0 ? [summaryLine(view, style)] : [noChanges(view)],
  ];
  const blocked = plan.changes.some(({ guards }) => guards.length > 0);
  const next = blocks.length > 0 && view.next && !blocked ? `\nNext: ${paint(style, "bold", view.next)}` : "";
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}${next}\n`;
}

function headline({ plan, engine }: PlanView, style: Style): string {
  const where = engine
    ? `${engine.name} ${engine.version} (${engine.endpoint})`
    : "offline: compared with an empty engine";
  return `${paint(style, "bold", plan.workspace)} ${symbol(style, "dot")} ${printable(where)}`;
}

function noChanges({ plan, manifest, durationMs }: PlanView): string {
  const count = plan.changes.filter(({ kind }) => kind === "sandbox").length;
  const match = count === 1 ? "1 sandbox matches" : `${count} sandboxes match`;
  return `No changes. ${match} ${printable(baseName(manifest.path))}.   (${formatDuration(durationMs)})`;
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** One block for each project in which something happens: its sandbox first, what belongs to it beneath. */
function projectBlocks({ plan, destroy }: PlanView, style: Style, verbose: boolean): string[] {
  const pending = plan.changes.filter(({ action }) => action !== "none");
  const projects = [...new Set(pending.map(({ project }) => project))].toSorted();
  const nameWidth = Math.max(8, ...projects.map(({ length }) => length));
  const blocks = projects.map((project) => {
    const changes = pending.filter((change) => change.project === project);
    const head = changes.find(({ kind }) => kind === "sandbox");
    const others = changes.filter((change) => change !== head);
    const rows = [
      ...(head ? sandboxRows(head, plan, style, verbose) : []),
      ...others.filter(({ ops }) => ops.length > 0).map((change) => otherRow(change, plan, style)),
    ];
    return { project, head: head ?? others[0], ownHead: head !== undefined, rows };
  });
  const labelWidth = Math.max(12, ...blocks.flatMap(({ rows }) => rows.map(({ label }) => Math.min(label.length, 28))));
  return blocks.flatMap(({ project, head, ownHead, rows }) => [
    headLine(project, ownHead ? head : undefined, { width: nameWidth, destroy }, style),
    ...rows.map((row) => rowLine(row, labelWidth, style)),
  ]);
}

type HeadOptions = { width: number; destroy: boolean };

function headLine(project: string, change: Change | undefined, { width, destroy }: HeadOptions, style: Style): string {
  if (!change) return `  ${symbol(style, "update")} ${project}`;
  const { text, paint: color } = onlyCommands(change) ? COMMANDS : ACTIONS[change.action];
  const approval = needsApproval(change.security);
  const attention = approval || change.guards.length > 0;
  const mark = attention
    ? paint(style, "yellow", symbol(style, "attention"))
    : paint(style, color, symbol(style, change.action));
  const gap = Math.max(3, ACTION_WIDTH - text.length);
  const remarks = [
    ...(approval ? [`loosens security ${symbol(style, "dash")} needs approval`] : []),
    ...(change.guards.length > 0 ? ["blocked"] : []),
    ...(change.drift ? ["drift"] : []),
    ...(!destroy && change.reasons.some(({ code }) => code === "not-declared") ? ["no longer declared"] : []),
  ];
  const comment = remarks.length > 0 ? `${" ".repeat(gap)}${paint(style, "yellow", remarks.join(", "))}` : "";
  return `  ${mark} ${project.padEnd(width)} ${paint(style, color, text)}${comment}`;
}

function sandboxRows(change: Change, plan: Plan, style: Style, verbose: boolean): Row[] {
  const fields =
    change.action === "create" && !verbose ? createdRows(afterOf(change)) : changedRows(change, style, verbose);
  const leftovers = change.reasons
    .filter(({ code, path }) => code === "interrupted" && path === undefined)
    .map(({ detail }) => ({ label: "leftover", text: printable(detail ?? "") }));
  const deltas = change.security.map(({ direction, what }) => `${direction} ${printable(what)}`);
  const security = deltas.length > 0 ? [{ label: "security", text: deltas.join(", ") }] : [];
  const guards = change.guards.map(({ message, hint }) => ({ label: "blocked", text: message, note: hint }));
  return [...fields, ...awaitedRows(change, plan), ...commandRows(change, plan), ...leftovers, ...security, ...guards];
}

/**
 * What is known of a sandbox whose image is not there yet stands above; the rest of it does not. Why it waits stands with its
 * image, unless another project brings that.
 */
function awaitedRows({ awaitsImage, waitsFor = [], project, reasons }: Change, { ops }: Plan): Row[] {
  if (!awaitsImage) return [];
  const own = ops.some(({ n, address }) => waitsFor.includes(n) && parseAddress(address)?.project === project);
  const why = own
    ? []
    : reasons.flatMap(({ code, detail }) => (code === "image-changed" && detail ? [printable(detail)] : []));
  return [
    ...why.map((text) => ({ label: "image", text })),
    { label: "the rest", text: "known after the image is there" },
  ];
}

/** A deletion needs no list of what is deleted unless it was asked for. */
function changedRows(change: Change, style: Style, verbose: boolean): Row[] {
  return change.action === "delete" && !verbose ? [] : fieldRows(change, style);
}

/** The spec a creation leads to: all its operations add whole members. */
function afterOf({ patch }: Change): Partial<ContainerSpec> {
  return Object.fromEntries(
    patch.flatMap((one) => (one.op === "add" ? [[one.path.slice(1), one.value as unknown]] : [])),
  );
}

/** What belongs to a project besides its sandbox, in one row each. */
function otherRow(change: Change, plan: Plan, style: Style): Row {
  if (change.kind === "image") return imageRow(change, plan, style);
  const { kind, address, action, drift, reasons } = change;
  const name = parseAddress(address)?.name;
  const label = name === undefined ? kind : `${kind} ${name}`;
  const sign = action === "delete" ? symbol(style, "minus") : "+";
  const verbs: Partial<Record<Action, string>> = { create: "create", delete: "delete", resume: "clean up" };
  const text = `${sign} ${verbs[action] ?? action}`;
  const details = reasons.flatMap(({ detail }) => (detail ? [printable(detail)] : []));
  const note = [...(drift ? ["drift: it was removed"] : []), ...details].join("; ");
  return { label, text, ...(note ? { note } : {}) };
}

function rowLine({ label, text, note }: Row, width: number, style: Style): string {
  const comment = note ? paint(style, "dim", `   # ${note}`) : "";
  return `      ${label.padEnd(width)}  ${text}${comment}`;
}

function noteLines({ kept, foreign, notices }: Plan, style: Style): string[] {
  const them = kept.length === 1 ? "it" : "them";
  const keptLine = `Kept: ${kept.join(", ")} ${symbol(style, "dash")} volumes hold data and stay; --prune-volumes deletes ${them}`;
  return [
    ...notices.map(noticeText),
    ...(kept.length > 0 ? [keptLine] : []),
    ...foreign.map(
      ({ kind, name, why }) => `Left alone: ${kind} ${printable(name)} ${symbol(style, "dash")} ${printable(why)}`,
    ),
  ];
}

function summaryLine({ plan, durationMs }: PlanView, style: Style): string {
  const sandboxes = plan.changes.filter(({ kind }) => kind === "sandbox");
  const count = (action: Action): number => sandboxes.filter((change) => change.action === action).length;
  const counts: [number, string][] = [
    [count("create"), "to create"],
    [count("update"), "to update"],
    [count("replace"), "to replace"],
    [count("start"), "to start"],
    [count("stop"), "to stop"],
    [count("resume"), "to finish"],
    [count("delete"), "to delete"],
    [sandboxes.filter(({ guards }) => guards.length > 0).length, "blocked"],
    [sandboxes.filter(({ security }) => needsApproval(security)).length, "needs approval"],
    [count("none"), "unchanged"],
  ];
  const texts = counts.filter(([many]) => many > 0).map(([many, text]) => `${many} ${text}`);
  const beside = otherCounts(plan);
  const line = [texts.join(", "), ...(beside ? [beside] : [])].filter((part) => part !== "").join("; ");
  return `${paint(style, "bold", `Plan: ${line}.`)}   (${formatDuration(durationMs)})`;
}

/** Projects that share an image share its pull, which is one operation. */
function otherCounts({ changes, ops }: Plan): string {
  const calls = (name: Op["op"]): number => ops.filter(({ op }) => op === name).length;
  const count = (kind: Change["kind"], action: Action): number =>
    changes.filter((change) => change.kind === kind && change.action === action && change.ops.length > 0).length;
  const counts: [number, string, string][] = [
    [calls("image.pull"), "image", "to pull"],
    [calls("image.build"), "image", "to build"],
    [calls("image.remove"), "image", "to remove"],
    [count("volume", "create"), "volume", "to create"],
    [count("volume", "delete"), "volume", "to delete"],
    [count("network", "create"), "network", "to create"],
    [count("network", "delete"), "network", "to delete"],
    [count("network", "resume"), "network", "to clean up"],
    [count("record", "delete") + count("hooks", "delete"), "stale record", "to remove"],
  ];
  return counts
    .filter(([many]) => many > 0)
    .map(([many, noun, verb]) => `${plural(many, noun)} ${verb}`)
    .join(", ");
}
