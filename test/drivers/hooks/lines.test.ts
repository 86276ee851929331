import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createLineReader } from "../../../src/drivers/hooks/lines.ts";

function read(chunks: (string | Uint8Array)[], word?: string) {
  const lines: string[] = [];
  const statuses: number[] = [];
  const seal = word === undefined ? undefined : { word, onSeal: (status: number) => void statuses.push(status) };
  const reader = createLineReader((line) => void lines.push(line), seal);
  for (const chunk of chunks) reader.write(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  reader.end();
  return { lines, statuses };
}

const LINES: { title: string; text: string; lines: string[] }[] = [
  { title: "an end of line ends a line, and empty lines stay", text: "a\n\nb\n", lines: ["a", "", "b"] },
  { title: "a last line without an end is handed on at the end", text: "a\nb", lines: ["a", "b"] },
  { title: "the ends of line of Windows and terminals end a line", text: "a\r\nb\r\r\nc\r\n", lines: ["a", "b", "c"] },
  {
    title: "of a line that is written over the last state stands",
    text: "1%\r50%\r100%\ndone\n",
    lines: ["100%", "done"],
  },
  { title: "a progress that never ends its line stands with its last state", text: "1%\r99%\r", lines: ["99%"] },
  { title: "nothing is no line", text: "", lines: [] },
];

describe("a line reader", () => {
  it.each(LINES)("$title", ({ text, lines }) => {
    expect(read([text]).lines).toEqual(lines);
  });

  it("gives the same lines however its input is cut", () => {
    const word = "0123456789abcdef";
    const text = "x\ré€\r\n\u{1F600}y\rz\n\nlast";
    const bytes = Buffer.from(`${text}\u001e${word} 7\u001emore\nthan that`);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, at) => bytes.subarray(places[at], end));
        expect(read(chunks, word)).toEqual({
          lines: ["é€", "z", "", "last"],
          statuses: [7],
        });
      }),
    );
  });

  it("is closed only by its own word, and drops what comes after it", () => {
    const strange = "\u001eother 1\u001e and word 2\n";
    expect(read([`${strange}\u001eword 0\u001e`, "late\n"], "word")).toEqual({
      lines: ["\u001eother 1\u001e and word 2"],
      statuses: [0],
    });
    expect(read([strange], "word").statuses).toEqual([]);
  });

  it("hands on a line without end in pieces, and its closing word is still found", () => {
    const piece = "a".repeat(100_000);
    const { lines, statuses } = read([piece, "\u001ewo", "rd 3\u001e"], "word");
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join("")).toBe(piece);
    expect(statuses).toEqual([3]);
  });

  it("puts a sign in the place of bytes that are no text", () => {
    expect(read([Uint8Array.of(0x61, 0xff, 0x62, 0x0a)]).lines).toEqual(["a\uFFFDb"]);
  });
});
