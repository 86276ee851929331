/**
 * Makes a text from outside safe for a terminal: control characters (C0, C1, delete) and those that reorder lines
 * become visible escapes. Names, labels and logs of containers are chosen by whoever runs in them.
 */
export function printable(text: string): string {
  return text.replaceAll(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Cuts a text to a number of cells, with an ellipsis. The text must hold no escape codes. */
export function truncate(text: string, cells: number, ellipsis: string): string {
  if (text.length <= cells) return text;
  return text.slice(0, Math.max(0, cells - ellipsis.length)) + ellipsis;
}

/** Lays rows out in columns that are as wide as their widest cell; the last column is not padded. */
export function columns(rows: string[][], gap = 3): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  const pad = (row: string[]): string =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd((widths[at] ?? 0) + gap))).join("");
  return rows.map((row) => pad(row).trimEnd());
}
