import type { Op, Plan } from "../../src/reconcile/plan-types.ts";

/** A plan in a few lines: changes that do something, then operations with what they wait for. For whole-plan assertions. */
export function planText(plan: Plan): string {
  const changes = plan.changes
    .filter(({ action, guards }) => action !== "none" || guards.length > 0)
    .map(({ address, action, drift, reasons, guards }) => {
      const why = reasons.map(({ code, path, detail }) =>
        [code, path, detail && `(${detail})`].filter(Boolean).join(" "),
      );
      const marks = [...(drift ? ["drift"] : []), ...guards.map(({ code }) => `guard ${code}`)];
      return `${action} ${address}${marks.length > 0 ? ` [${marks.join(", ")}]` : ""}: ${why.join("; ")}`;
    });
  return [...changes, ...plan.ops.map(opText)].join("\n");
}

function opText(op: Op): string {
  const after = op.after.length > 0 ? `${op.after.join(",")} -> ` : "";
  const undo = op.undo ? ` | undo ${op.undo.map((call) => call.op).join(", ")}` : "";
  return `${after}#${op.n} ${op.address} ${op.op} ${subjectOf(op)}${undo}`;
}

function subjectOf(op: Op): string {
  const refs = [
    "name" in op ? op.name : "",
    "reference" in op ? op.reference : "",
    "tag" in op ? op.tag : "",
    "container" in op ? refText(op.container) : "",
    "network" in op ? refText(op.network) : "",
    "resources" in op ? JSON.stringify(op.resources) : "",
  ];
  return refs.filter(Boolean).join(" ");
}

function refText(ref: { id: string } | { created: number }): string {
  return "id" in ref ? ref.id : `#${ref.created}`;
}
