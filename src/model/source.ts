import type { Issue, Position } from "./errors.ts";

/** A text file a manifest is made of, as read and decoded. */
export type SourceText = {
  /** As the person named it, for messages: relative to where they stand. */
  display: string;
  text: string;
  /** Offset of the first character of each line. */
  lineStarts: number[];
};

/** Where the values of a parsed file are: a tree beside the value, in offsets of the text (UTF-16 units). */
export type Marks = {
  start: number;
  /** Members of a map by key, each with the place of the key itself. */
  members?: Map<string, { key: number; value: Marks }>;
  items?: Marks[];
  /** How a number or boolean is written, where that is not how JavaScript writes it: `1.10`, `0x1F`. */
  written?: string;
};

/** Keys and indices from the top of a file to a value. */
export type ValuePath = readonly (string | number)[];

/** A parsed file: its plain value and where each part of it stands. */
export type SourceDocument = { source: SourceText; value: unknown; marks: Marks };

/** Everything of an issue but its place. */
export type IssueText = Omit<Issue, "position">;

/** Issues a person is shown of one file; what follows is mostly the echo of the first. */
export const MAX_ISSUES = 100;

const MAX_SOURCE_LINE = 200;

/** A text ready to be pointed into. Lines end as YAML says: LF, CR or CRLF. */
export function sourceText(display: string, text: string): SourceText {
  const lineStarts = [0, ...Array.from(text.matchAll(/\r\n|\n|\r/g), (end) => end.index + end[0].length)];
  return { display, text, lineStarts };
}

/** Line and column of an offset, with the line itself for showing unless it is too long for that. */
export function positionAt({ display, text, lineStarts }: SourceText, offset: number): Position {
  let [low, high] = [0, lineStarts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lineStarts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  const start = lineStarts[low] as number;
  const line = text.slice(start, lineStarts[low + 1] ?? text.length).trimEnd();
  const shown = line.length <= MAX_SOURCE_LINE ? { source: line } : {};
  return { file: display, line: low + 1, column: offset - start + 1, ...shown };
}

/**
 * Offset of a value, or of its key with `key`. A path that leads to nothing gives the innermost part that exists: the place
 * where something is missing.
 */
export function offsetOf(marks: Marks, path: ValuePath, which: "key" | "value" = "value"): number {
  let at = marks;
  let key = marks.start;
  for (const step of path) {
    const member = typeof step === "string" ? at.members?.get(step) : undefined;
    const next = member?.value ?? (typeof step === "number" ? at.items?.[step] : undefined);
    if (!next) return key;
    key = member?.key ?? next.start;
    at = next;
  }
  return which === "key" ? key : at.start;
}

/** The marks of a value; undefined when nothing is there. */
export function marksOf(marks: Marks, path: ValuePath): Marks | undefined {
  return path.reduce<Marks | undefined>(
    (at, step) => (typeof step === "string" ? at?.members?.get(step)?.value : at?.items?.[step]),
    marks,
  );
}

/** An issue located at a value of a document, or at its key. */
export function issueAt(
  document: SourceDocument,
  path: ValuePath,
  issue: IssueText,
  which: "key" | "value" = "value",
): Issue {
  return { ...issue, position: positionAt(document.source, offsetOf(document.marks, path, which)) };
}

/** `projects.web.env.NODE_ENV`, `projects.web.mounts[0]`: a path for people. */
export function pathText(path: ValuePath): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index > 0 ? "." : ""}${step}`))
    .join("");
}

/** What is noted for a value, or for the nearest thing around it: `a.b[0]`, then `a.b`, then `a`. Paths as in `pathText`. */
export function nearestOf<Note>(notes: Readonly<Record<string, Note>>, path: string): Note | undefined {
  for (let at = path; ;) {
    if (Object.hasOwn(notes, at)) return notes[at];
    const cut = Math.max(at.lastIndexOf("."), at.lastIndexOf("["));
    if (cut <= 0) return undefined;
    at = at.slice(0, cut);
  }
}

/** Issues in the order in which a person meets them: by file as first seen, line, column. */
export function sortIssues(issues: Issue[]): Issue[] {
  const files = [...new Set(issues.map(({ position }) => position?.file))];
  const rank = ({ position }: Issue) => [files.indexOf(position?.file), position?.line ?? 0, position?.column ?? 0];
  return issues.toSorted((a, b) => {
    const [ranksA, ranksB] = [rank(a), rank(b)];
    const differing = ranksA.findIndex((value, index) => value !== ranksB[index]);
    return differing < 0 ? 0 : (ranksA[differing] as number) - (ranksB[differing] as number);
  });
}
