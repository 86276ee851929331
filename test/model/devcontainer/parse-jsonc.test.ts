import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { parseJsonc } from "../../../src/model/devcontainer/parse-jsonc.ts";
import { offsetOf, positionAt, sourceText } from "../../../src/model/source.ts";
import type { SourceDocument, ValuePath } from "../../../src/model/source.ts";

function document(text: string): SourceDocument {
  const { document: found, issues } = parseJsonc(sourceText("test.json", text));
  if (issues) throw new Error(JSON.stringify(issues));
  return found;
}

/** Issues in short: `2:5 code message`. */
function issues(text: string): string[] {
  const { issues: found = [] } = parseJsonc(sourceText("test.json", text));
  return found.map(({ code, message, position }) => `${position?.line}:${position?.column} ${code} ${message}`);
}

function place(text: string, path: ValuePath, which?: "key" | "value"): string {
  const { source, marks } = document(text);
  const { line, column } = positionAt(source, offsetOf(marks, path, which));
  return `${line}:${column}`;
}

describe("JSONC", () => {
  it("may have comments, trailing commas and a byte order mark", () => {
    const text = '\uFEFF// top\n{ /* a */ "a": [1, 2,], // b\n "b": {"c": null,},\n}\n';
    expect(document(text).value).toEqual({ a: [1, 2], b: { c: null } });
    expect(place('\uFEFF{"a": 1}', ["a"])).toBe("1:7");
  });

  it("has its keys and values where they stand", () => {
    const text = '{\n  "a": 1,\r\n  "b": { "c": ["x", {"d": "y"}] }\n}';
    expect([place(text, ["a"]), place(text, ["a"], "key")]).toEqual(["2:8", "2:3"]);
    expect([place(text, ["b", "c", 1, "d"]), place(text, ["b", "c", 1, "d"], "key")]).toEqual(["3:27", "3:22"]);
    expect(place(text, ["b", "none"], "key")).toBe("3:3");
  });

  it("keeps how a number is written", () => {
    const { marks } = document('{"a": [1.10, 1.1, 1e2]}');
    expect(marks.members?.get("a")?.value.items?.map(({ written }) => written)).toEqual(["1.10", undefined, "1e2"]);
  });

  it("reads what JSON.stringify writes, and every value has a mark", () => {
    const marked = ({ value, marks }: Pick<SourceDocument, "value" | "marks">): boolean => {
      if (value === null || typeof value !== "object") return true;
      return Object.entries(value).every(([key, member]) => {
        const mark = Array.isArray(value) ? marks.items?.[Number(key)] : marks.members?.get(key)?.value;
        return mark !== undefined && marked({ value: member, marks: mark });
      });
    };
    const text = fc.stringMatching(/^[ -~]*$/).filter((key) => key !== "__proto__");
    const { map: json } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        tie("list"),
        tie("map"),
      ),
      list: fc.array(tie("value"), { maxLength: 4 }),
      map: fc.dictionary(text, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    }));
    fc.assert(
      fc.property(json, (value) => {
        const found = document(JSON.stringify(value, undefined, 1));
        expect(found.value).toEqual(value);
        expect(marked(found)).toBe(true);
      }),
    );
  });
});

describe("what is no JSONC", () => {
  it.each([
    ["", ["1:1 empty-document the file is empty"]],
    ["// only a comment\n", ["1:1 empty-document the file is empty"]],
    ["[1]", ["1:1 not-a-map the file holds no map"]],
    ['"text"', ["1:1 not-a-map the file holds no map"]],
    ['{"a": 1 "b": 2}', ["1:9 json-syntax not valid JSON: ',' is missing before this"]],
    ['{"a" 1}', ["1:6 json-syntax not valid JSON: ':' is missing after a key"]],
    ['{"a": }', ["1:7 json-syntax not valid JSON: a value is missing here"]],
    ['{"a": 1', ["1:8 json-syntax not valid JSON: a '{' is never closed"]],
    ['{"a": [1', ["1:9 json-syntax not valid JSON: a '[' is never closed"]],
    ['{"a": 1} {}', ["1:10 json-syntax not valid JSON: something follows the end of the map"]],
    ["{'a': 1}", [`1:2 json-syntax not valid JSON: 'a' is no value; texts and keys stand in "quotes"`]],
    [
      '{"a": yes,\n"b": no,\n"c": 1}',
      [
        `1:7 json-syntax not valid JSON: yes is no value; texts and keys stand in "quotes"`,
        `2:6 json-syntax not valid JSON: no is no value; texts and keys stand in "quotes"`,
      ],
    ],
    ['{"a": "x', ["1:7 json-syntax not valid JSON: a text is never closed"]],
    ['{"a": "\\x"}', ["1:7 json-syntax not valid JSON: a '\\' stands before a character that needs none"]],
    ['{"a": "\\u12"}', ["1:7 json-syntax not valid JSON: \\u needs four hexadecimal digits"]],
    ['{"a": 1 /* b }', ["1:9 json-syntax not valid JSON: a comment is never closed"]],
    ['{"a": 1,, "b": 2}', ["1:9 json-syntax not valid JSON: a key in double quotes is missing here"]],
    ['{"a": 1, "b": 2, "a": 3}', ["1:18 duplicate-key the key 'a' is given twice"]],
    ['{"a": {"__proto__": 1}}', ["1:8 forbidden-key the key __proto__ is not allowed"]],
    ['{"a": "\\u001b[31m"}', ["1:7 control-character the control character U+001B is not allowed"]],
    ['{"a\\u202e": 1}', ["1:2 control-character U+202E makes text look different from what it is"]],
    ['{"a\\n": 1}', ["1:2 control-character the key holds a tab or a line break"]],
    ['{"a": 1e999}', ["1:7 out-of-range 1e999 is too large"]],
  ])("%s is refused where it is wrong", (text, expected) => {
    expect(issues(text)).toEqual(expected);
  });

  it("may hold hidden characters only where the caller allows it", () => {
    const source = sourceText("t", '{"a": {"\\u0007": "\\u001b"}, "b": "\\u001b"}');
    const { issues: found = [] } = parseJsonc(source, ([top]) => top === "a");
    expect(found.map(({ position }) => position?.column)).toEqual([34]);
  });

  it("nests too deep or holds too much: neither is worked on", () => {
    expect(issues(`{"a":${"[".repeat(99)}${"]".repeat(99)}}`)).toEqual([]);
    expect(issues(`{"a":${"[".repeat(500_000)}`)).toEqual([
      "1:105 too-deep values are nested more than 100 levels deep",
    ]);
    expect(issues(`{"a":[${"1,".repeat(150_000)}]}`)).toEqual(["1:200003 too-large the file holds too many values"]);
  });

  it("never throws, whatever the text", () => {
    const pieces = fc.array(
      fc.constantFrom(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        '"a"',
        "1",
        "-",
        "true",
        "nul",
        "/*",
        "//",
        "\n",
        "\\u00",
        "\u0000",
      ),
    );
    fc.assert(
      fc.property(pieces, (written) => {
        const parsed = parseJsonc(sourceText("t", written.join("")));
        expect((parsed.issues?.length ?? 0) > 0).toBe(parsed.document === undefined);
      }),
    );
  });
});
