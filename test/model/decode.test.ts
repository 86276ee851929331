import fc from "fast-check";
import { expect, test } from "vitest";

import { decodeText, hiddenCharacter } from "../../src/model/decode.ts";

test("what a text editor saves as UTF-8 is read back, without its byte order mark", () => {
  const visible = fc
    .string({ unit: "grapheme" })
    .filter((text) => !hiddenCharacter(text) && !text.startsWith("\uFEFF"));
  fc.assert(
    fc.property(visible, fc.boolean(), (text, mark) => {
      expect(decodeText(Buffer.from(`${mark ? "\uFEFF" : ""}${text}`), "t")).toEqual({ text });
    }),
  );
});

test("the first byte that is not UTF-8 is located, wherever it is", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", "\n") }),
      fc.constantFrom(0xff, 0xc0, 0x80),
      fc.string(),
      (before, byte, after) => {
        const bytes = Buffer.concat([Buffer.from(before), Buffer.from([byte]), Buffer.from(after)]);
        fc.pre(!(bytes[0] === 0xff && bytes[1] === 0xfe));
        const lines = before.split("\n");
        const { issue } = decodeText(bytes, "t");
        expect(issue).toMatchObject({
          code: "encoding",
          position: { file: "t", line: lines.length, column: (lines.at(-1) ?? "").length + 1 },
        });
      },
    ),
  );
});

test.each([
  ["\0", "U+0000"],
  ["\x1b[31m", "U+001B"],
  ["\x7f", "U+007F"],
  ["\u0080", "U+0080"],
  ["\u202e", "U+202E"],
  ["\u2066", "U+2066"],
  ["\uffff", "U+FFFF"],
])("%j hides something", (text, name) => {
  expect(hiddenCharacter(`ab${text}`)).toMatchObject({
    index: 2,
    issue: { code: "control-character", message: expect.stringContaining(name) },
  });
});

test("tabs, line ends, accents, other scripts and emoji hide nothing", () => {
  expect(hiddenCharacter("\t\r\n\u0085é שלום 日本 👩‍💻")).toBeUndefined();
});
