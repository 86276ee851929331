import type { DevcError, Issue, Position } from "../model/errors.ts";
import { paint } from "./style.ts";
import type { Style } from "./style.ts";
import { printable } from "./text.ts";

/** Cells of a source line that are shown around the place of an issue. */
const EXCERPT = 100;

/** An error for people: what is wrong and with what, located issues with their lines, further lines, what to do next. */
export function errorText(error: DevcError, style: Style): string {
  const code = paint(style, "dim", `[${error.code}]`);
  const head = `${paint(style, "red", "error:")} ${paint(style, "bold", printable(error.message))} ${code}`;
  const blocks = [
    head,
    ...error.issues.map((issue) => issueText(issue, style)),
    ...(error.details.length > 0 ? [error.details.map((line) => `  ${printable(line)}`).join("\n")] : []),
    ...(error.hint === undefined ? [] : [`${paint(style, "cyan", "hint:")} ${printable(error.hint)}`]),
  ];
  const gap = error.issues.length > 0 ? "\n\n" : "\n";
  return `${blocks.join(gap)}\n`;
}

function issueText({ code, message, position, expected, suggestion }: Issue, style: Style): string {
  const place = position
    ? `${paint(style, "bold", `${printable(position.file)}:${position.line}:${position.column}`)}: `
    : "";
  const lines = [
    `${place}${printable(message)} ${paint(style, "dim", `[${code}]`)}`,
    ...(position?.source === undefined ? [] : sourceLines(position, position.source, style)),
    ...(expected === undefined ? [] : [`  expected ${printable(expected)}`]),
    ...(suggestion === undefined ? [] : [`  did you mean ${paint(style, "bold", `'${printable(suggestion)}'`)}?`]),
  ];
  return lines.join("\n");
}

/** The line with a caret under its column; of a long line the part around the column. */
function sourceLines({ line, column }: Position, source: string, style: Style): string[] {
  const bar = style.unicode ? "│" : "|";
  const from = column > EXCERPT ? column - EXCERPT / 2 : 0;
  const before = printable(source.slice(from, column - 1).replaceAll("\t", " "));
  const rest = printable(source.slice(Math.max(from, column - 1), from + EXCERPT).replaceAll("\t", " "));
  const number = String(line);
  const blank = " ".repeat(number.length);
  return [
    `  ${paint(style, "dim", `${number} ${bar}`)} ${before}${rest}`,
    `  ${paint(style, "dim", `${blank} ${bar}`)} ${" ".repeat(before.length)}${paint(style, "red", "^")}`,
  ];
}
