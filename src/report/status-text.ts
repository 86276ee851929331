import type { SandboxStatus, StatusDocument } from "./documents/status.ts";
import { noticeText } from "./notice-text.ts";
import { paint, symbol } from "./style.ts";
import type { Paint, Style } from "./style.ts";
import { columns, printable } from "./text.ts";
import { formatDuration } from "./units.ts";

const STATE_PAINT: Record<SandboxStatus["state"], Paint> = {
  running: "green",
  stopped: "dim",
  paused: "yellow",
  restarting: "yellow",
  dead: "red",
  absent: "dim",
};

/** What exists of a workspace, as a table. `now`: milliseconds since the epoch. */
export function statusText(status: StatusDocument, now: number, style: Style): string {
  const { workspace, engine, sandboxes, notices } = status;
  const head = `${paint(style, "bold", workspace)} ${symbol(style, "dot")} ${printable(`${engine.name} ${engine.version} (${engine.endpoint})`)}`;
  const rows = sandboxes.map((one) => cells(one, now));
  const lines = columns([["PROJECT", "STATE", "PROFILE", "IMAGE", "AGE", "NOTE"], ...rows]);
  const painted = lines.map((line, at) => paintLine(line, at === 0 ? undefined : sandboxes[at - 1], style));
  const body = sandboxes.length > 0 ? painted.map((line) => `  ${line}`) : ["  no sandboxes"];
  const notes = notices.map(noticeText);
  return `${[head, "", ...body, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n")}\n`;
}

function cells(one: SandboxStatus, now: number): string[] {
  const { project, state, health, profile, image, container, drift, hint } = one;
  const age = container ? formatDuration(Math.max(0, now - Date.parse(container.createdAt))) : "";
  const note = [...(drift ? ["drift"] : []), ...(hint === null ? [] : [hint])].join(": ");
  return [
    project,
    health === "none" || state !== "running" ? state : `${state} (${health})`,
    profile ?? "",
    printable(image),
    age,
    note,
  ];
}

/** Colour is added after alignment, because escape codes have no width. */
function paintLine(line: string, one: SandboxStatus | undefined, style: Style): string {
  if (!one) return paint(style, "dim", line);
  return line.replace(` ${one.state}`, ` ${paint(style, STATE_PAINT[one.state], one.state)}`);
}
