import { printable } from "./text.ts";

// oxlint-disable-next-line no-control-regex -- sequences that set colours begin with a control character
const COLOURS = /\u001b\[[0-9;:]*m/g;

/** Lines of a log, safe for a terminal. Colours are dropped: a program inside must not paint over ours. */
export function logsText(lines: string[]): string {
  return lines.map((line) => `${logLine(line)}\n`).join("");
}

/** One line of a log, safe for a terminal; tabs stay. */
export function logLine(line: string): string {
  return line.replaceAll(COLOURS, "").replace(/\r$/, "").split("\t").map(printable).join("\t");
}
