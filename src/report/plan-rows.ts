import { parseAddress } from "../model/names.ts";
import { HOOK_PHASES } from "../model/devcontainer/lifecycle.ts";
import type { Change, Op, Plan } from "../reconcile/plan-types.ts";
import type { Row } from "./rows.ts";
import { symbol } from "./style.ts";
import type { Style } from "./style.ts";
import { printable } from "./text.ts";

/** The phases of a devcontainer.json whose commands this plan may run in a sandbox. */
export function commandRows({ address, reasons }: Change, { ops }: Plan): Row[] {
  const pending = reasons.some(({ code }) => code === "hooks-pending");
  const note = pending ? { note: "those that have not succeeded yet" } : {};
  return ops.filter(isRun).flatMap((op) => {
    if (op.address !== address) return [];
    const phases = HOOK_PHASES.filter((phase) => op.phases.includes(phase) && op.hooks.phases[phase] !== undefined);
    return [{ label: "commands", text: phases.join(", "), ...note }];
  });
}

function isRun(op: Op): op is Op & { op: "hooks.run" } {
  return op.op === "hooks.run";
}

const WHY: Partial<Record<Change["reasons"][number]["code"], string>> = {
  "build-inputs-changed": "what it is built from changed",
  "base-changed": "an image it is built from changed",
};

/** What happens to an image of a project, in one row: `pull debian:12`, `build devc-acme-web   # its base image changed`. */
export function imageRow({ address, ops, reasons }: Change, plan: Plan, style: Style): Row {
  const own = plan.ops.filter(({ n }) => ops.includes(n));
  const name = parseAddress(address)?.name;
  const label = name === undefined ? "image" : `image ${name}`;
  const built = own.flatMap((op) => (op.op === "image.build" ? [op.tag] : []));
  const pulled = own.flatMap((op) => (op.op === "image.pull" ? [op.reference] : []));
  const removed = own.flatMap((op) => (op.op === "image.remove" ? [op.reference] : []));
  const texts = [
    ...built.map((tag) => `build ${printable(tag)}`),
    ...(built.length > 0 ? [] : pulled.map((reference) => `pull ${printable(reference)}`)),
    ...removed.map((reference) => `${symbol(style, "minus")} remove ${printable(reference)}`),
  ];
  const notes = [
    ...reasons.flatMap(({ code }) => WHY[code] ?? []),
    ...(built.length > 0 && pulled.length > 0 ? [`pulls ${printable(pulled.join(", "))}`] : []),
  ];
  return { label, text: texts.join(", "), ...(notes.length > 0 ? { note: notes.join("; ") } : {}) };
}
