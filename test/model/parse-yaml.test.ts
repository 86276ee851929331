import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";

import { parseYaml } from "../../src/model/parse-yaml.ts";
import { offsetOf, positionAt, sourceText } from "../../src/model/source.ts";
import type { SourceDocument } from "../../src/model/source.ts";

function document(text: string): SourceDocument {
  const { document: found, issues } = parseYaml(sourceText("test.yaml", text));
  if (issues) throw new Error(JSON.stringify(issues));
  return found;
}

function place(text: string, path: (string | number)[], which?: "key" | "value"): string {
  const { source, marks } = document(text);
  const { line, column } = positionAt(source, offsetOf(marks, path, which));
  return `${line}:${column}`;
}

test("keys and values are found where they stand", () => {
  const text = "a: 1\nb:\n  c: [x, { d: y }]\n  e:\n";
  expect(place(text, ["a"])).toBe("1:4");
  expect(place(text, ["a"], "key")).toBe("1:1");
  expect(place(text, ["b", "c", 1, "d"])).toBe("3:15");
  expect(place(text, ["b", "c", 1, "d"], "key")).toBe("3:12");
  expect(place(text, ["b", "missing"], "key")).toBe("2:1");
  expect(place(text, ["b", "e"], "key")).toBe("4:3");
});

test("a value behind an alias stands where the alias is, its parts where they are written", () => {
  const text = "a: &x { k: 1 }\nb: *x\n";
  expect(document(text).value).toEqual({ a: { k: 1 }, b: { k: 1 } });
  expect(place(text, ["b"])).toBe("2:4");
  expect(place(text, ["b", "k"])).toBe("1:12");
});

test("only the YAML 1.2 words are booleans, numbers and null", () => {
  const { value } = document("a: [yes, on, NO, true, 1_000, 010, 0o10, 1:30, ~, null, '']");
  expect(value).toEqual({ a: ["yes", "on", "NO", true, "1_000", 10, 8, "1:30", null, null, ""] });
});

test("numbers that are written in another way than they are read keep their writing", () => {
  const { marks } = document("a: [1.10, 1.1, 0x10, 16, True, true]");
  const written = marks.members?.get("a")?.value.items?.map((item) => item.written);
  expect(written).toEqual(["1.10", undefined, "0x10", undefined, "True", undefined]);
});

test("an issue shows its line, unless that is too long to show", () => {
  const [short, long] = ["a: *nope", `a: *nope # ${"x".repeat(1000)}`].map(
    (text) => parseYaml(sourceText("t", text)).issues?.[0],
  );
  expect(short?.position).toEqual({ file: "t", line: 1, column: 4, source: "a: *nope" });
  expect(long?.position).toEqual({ file: "t", line: 1, column: 4 });
});

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.stringMatching(/^[ -~]*$/),
    fc.integer(),
    fc.boolean(),
    tie("map"),
    fc.array(tie("value")),
  ),
  map: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/), tie("value")),
}));

test("whatever can be written as a plain map is read back as the same map", () => {
  fc.assert(
    fc.property(plain.map, (value) => {
      fc.pre(Object.keys(value as object).length > 0);
      expect(document(stringify(value, { aliasDuplicateObjects: false })).value).toEqual(value);
    }),
  );
});

test("no text makes the parser throw", () => {
  const hostile = fc.array(
    fc.constantFrom(
      "a",
      ": ",
      "- ",
      "\n",
      "  ",
      "[",
      "]",
      "{",
      "}",
      ",",
      "&x ",
      "*x",
      "!t ",
      "|",
      ">",
      "'",
      '"',
      "#",
      "%",
      "---\n",
      "? ",
      "<<",
      "\t",
      "1",
      "~",
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        hostile.map((parts) => parts.join("")),
      ),
      (text) => {
        const { document: found, issues } = parseYaml(sourceText("t", text));
        expect((found === undefined) === (issues !== undefined && issues.length > 0)).toBe(true);
        for (const { position } of issues ?? []) expect(position?.line).toBeGreaterThan(0);
      },
    ),
    { numRuns: 1000 },
  );
});
