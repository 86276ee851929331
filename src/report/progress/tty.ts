import { paint, symbol } from "../style.ts";
import type { Style } from "../style.ts";
import { truncate } from "../text.ts";
import { formatDuration } from "../units.ts";
import type { Progress, ProgressOptions, ProgressStream } from "./progress.ts";
import { trackRows } from "./rows.ts";
import type { ProjectRow } from "./rows.ts";

/** Milliseconds between two frames. */
const FRAME = 90;
const SPINNER = { unicode: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"], ascii: ["|", "/", "-", "\\"] };
/** Cursor to the first column `n` lines up, then clear to the end of the screen (ECMA-48 CPL, ED). */
const erase = (lines: number): string => (lines > 0 ? `\u001b[${lines}F\u001b[0J` : "");

/** A live area with one row per project; rows that ended stay, all of them are left when it closes. */
export function ttyProgress({ stream, style, clock, view }: ProgressOptions): Progress {
  const tracker = trackRows(view.plan, () => clock.now());
  const ended = new AbortController();
  let frame = 0;
  let height = 0;
  const draw = (limit: number): string => {
    const lines = frameLines(tracker.rows, { limit, frame, now: clock.now(), style, width: stream.columns || 80 });
    const text = erase(height) + lines.map((line) => `${line}\n`).join("");
    height = lines.length;
    return text;
  };
  const repaint = (): void => void stream.write(draw(visibleRows(stream)));
  const animate = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      repaint();
      frame += 1;
      // The only thing that can end a sleep early is the end of this loop.
      await clock.sleep(FRAME, ended.signal).catch(() => {});
    }
  };
  void animate();
  return {
    emit: (event) => tracker.follow(event),
    aside: (text) => {
      stream.write(erase(height) + text);
      height = 0;
      if (!ended.signal.aborted) repaint();
    },
    close: () => {
      if (ended.signal.aborted) return;
      ended.abort();
      stream.write(draw(Number.POSITIVE_INFINITY));
    },
  };
}

/** One line stays free for the cursor; a taller area could not be erased. A terminal of unknown size has 0 rows. */
function visibleRows({ rows }: ProgressStream): number {
  return Math.max(2, (rows || 24) - 1);
}

type Frame = { limit: number; frame: number; now: number; style: Style; width: number };

function frameLines(rows: ProjectRow[], { limit, frame, now, style, width }: Frame): string[] {
  const shown = rows.length <= limit ? rows : choose(rows, limit - 1);
  const nameWidth = Math.max(0, ...shown.map(({ project }) => project.length));
  const hidden = rows.length - shown.length;
  let room = limit - shown.length - Math.min(hidden, 1);
  const lines = shown.flatMap((row) => {
    const line = rowLine(row, { frame, now, style, width, nameWidth });
    if (row.output === undefined || room <= 0) return [line];
    room -= 1;
    return [line, outputLine(row.output, { style, width, nameWidth })];
  });
  return hidden > 0 ? [...lines, `  ${symbol(style, "ellipsis")} ${hidden} more`] : lines;
}

const URGENCY: Record<ProjectRow["state"], number> = { active: 0, failed: 1, waiting: 2, skipped: 3, done: 4 };

/** When not all fit: what works and what failed first, in the usual order. */
function choose(rows: ProjectRow[], limit: number): ProjectRow[] {
  const urgent = new Set(rows.toSorted((a, b) => URGENCY[a.state] - URGENCY[b.state]).slice(0, limit));
  return rows.filter((row) => urgent.has(row));
}

function rowLine(row: ProjectRow, options: Omit<Frame, "limit"> & { nameWidth: number }): string {
  const { frame, now, style, width, nameWidth } = options;
  const elapsed = row.startedAt === undefined ? "" : formatDuration((row.endedAt ?? now) - row.startedAt);
  const name = row.project.padEnd(nameWidth);
  const room = width - nameWidth - elapsed.length - 10;
  const text = truncate(row.text, Math.max(0, room), symbol(style, "ellipsis"));
  const plain = `${name}   ${text}${text && elapsed ? "   " : ""}`;
  return `  ${mark(row, frame, style)} ${plain}${paint(style, "dim", elapsed)}`;
}

/** What an operation printed last, beneath its row. */
function outputLine(
  text: string,
  { style, width, nameWidth }: Pick<Frame, "style" | "width"> & { nameWidth: number },
): string {
  const indent = nameWidth + 9;
  return (
    " ".repeat(indent) + paint(style, "dim", truncate(text, Math.max(0, width - indent - 1), symbol(style, "ellipsis")))
  );
}

function mark({ state }: ProjectRow, frame: number, style: Style): string {
  const spinner = style.unicode ? SPINNER.unicode : SPINNER.ascii;
  switch (state) {
    case "active":
      return paint(style, "cyan", spinner[frame % spinner.length] ?? "");
    case "done":
      return paint(style, "green", symbol(style, "done"));
    case "failed":
      return paint(style, "red", symbol(style, "failed"));
    case "skipped":
      return paint(style, "yellow", symbol(style, "skipped"));
    case "waiting":
      return paint(style, "dim", symbol(style, "dot"));
  }
}
