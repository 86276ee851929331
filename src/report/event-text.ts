import { parseAddress } from "../model/names.ts";
import type { ApplyEvent, Outcome } from "../reconcile/events.ts";
import { opText } from "./op-text.ts";
import { printable } from "./text.ts";
import { formatBytes, formatDuration, plural } from "./units.ts";

/** One event in one line, for people. */
export function eventText(event: ApplyEvent): string {
  switch (event.type) {
    case "op_start":
      return `${event.op.address}: ${opText(event.op)}`;
    case "op_progress":
      return `${event.op.address}: ${progressText(event)}`;
    case "op_output":
      return outputText(event);
    case "op_done":
      return `${event.op.address}: ${opText(event.op)}: done (${formatDuration(event.durationMs)})`;
    case "op_failed":
      return `${event.op.address}: ${opText(event.op)}: failed: ${printable(event.message)}`;
    case "op_undo":
      return `${event.op.address}: undo: ${event.message}`;
    case "resource_done":
      return `${event.address}: ${event.result}`;
  }
}

/** One line a build or a command printed, with the project it belongs to: `web | added 214 packages`. */
function outputText({ op, line }: Extract<ApplyEvent, { type: "op_output" }>): string {
  return `${parseAddress(op.address)?.project ?? op.address} | ${printable(line)}`;
}

/** How far a pull is: `pulling 12 MiB of 30 MiB`; the total grows while layers are discovered. */
export function progressText({ status, current, total }: Extract<ApplyEvent, { type: "op_progress" }>): string {
  const amount = total > 0 ? ` ${formatBytes(Math.min(current, total))} of ${formatBytes(total)}` : "";
  return `${printable(status)}${amount}`;
}

/** How an apply ended, in one line. */
export function summaryText(outcome: Outcome): string {
  const count = (result: string): number => outcome.resources.filter((one) => one.result === result).length;
  const parts = [`${plural(count("done"), "resource")} done`];
  if (count("failed") > 0) parts.push(`${count("failed")} failed`);
  if (count("skipped") > 0) parts.push(`${count("skipped")} skipped`);
  if (outcome.interrupted) parts.push("interrupted");
  return `${parts.join(", ")} (${formatDuration(outcome.durationMs)})`;
}
