import { parseAddress } from "../../model/names.ts";
import type { ApplyEvent, ResourceResult } from "../../reconcile/events.ts";
import type { Op, Plan } from "../../reconcile/plan-types.ts";
import { progressText } from "../event-text.ts";
import { opText } from "../op-text.ts";
import { printable } from "../text.ts";

/** What the live area shows of one project. */
export type ProjectRow = {
  project: string;
  state: "waiting" | "active" | ResourceResult["result"];
  /** What it does now, or why it failed. */
  text: string;
  /** The last line that what it does now has printed. */
  output?: string;
  /** Milliseconds since the epoch; absent while it waits. */
  startedAt?: number;
  endedAt?: number;
};

/** Follows events and keeps one row per project that has operations. */
export type RowTracker = { rows: ProjectRow[]; follow(event: ApplyEvent): void };

/** Starts with all rows waiting, sorted by project. */
export function trackRows(plan: Plan, now: () => number): RowTracker {
  const changing = plan.changes.filter(({ ops }) => ops.length > 0);
  const open = new Map<string, number>();
  for (const { project } of changing) open.set(project, (open.get(project) ?? 0) + 1);
  const rows = [...open.keys()].toSorted().map((project): ProjectRow => ({ project, state: "waiting", text: "" }));
  const byProject = new Map(rows.map((row) => [row.project, row]));
  const rowOf = (address: string): ProjectRow | undefined => byProject.get(parseAddress(address)?.project ?? "");

  const begin = (op: Op, text: string): void => {
    const row = rowOf(op.address);
    if (!row) return;
    row.startedAt ??= now();
    if (row.state === "waiting") row.state = "active";
    if (row.state === "active") row.text = text;
    delete row.output;
  };
  const finish = (address: string, result: ResourceResult["result"]): void => {
    const row = rowOf(address);
    if (!row) return;
    const left = (open.get(row.project) ?? 1) - 1;
    open.set(row.project, left);
    if (result === "skipped" && row.state !== "failed") row.state = "skipped";
    if (left > 0) return;
    row.endedAt = now();
    delete row.output;
    if (row.state !== "failed" && row.state !== "skipped") row.state = "done";
    if (row.state !== "failed") row.text = "";
  };
  const follow = (event: ApplyEvent): void => {
    if (event.type === "op_start") begin(event.op, opText(event.op));
    else if (event.type === "op_progress") begin(event.op, progressText(event));
    else if (event.type === "resource_done") finish(event.address, event.result);
    else if (event.type === "op_output") {
      const row = rowOf(event.op.address);
      if (row?.state === "active" && event.line.trim() !== "") row.output = printable(event.line);
    } else if (event.type === "op_failed") {
      const row = rowOf(event.op.address);
      if (row) Object.assign(row, { state: "failed", text: printable(event.message) });
    }
  };
  return { rows, follow };
}
