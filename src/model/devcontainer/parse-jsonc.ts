import { createScanner, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Node, ParseError } from "jsonc-parser";

import { hiddenCharacter } from "../decode.ts";
import type { Issue } from "../errors.ts";
import { MAX_ISSUES, positionAt, sourceText } from "../source.ts";
import type { IssueText, Marks, SourceDocument, SourceText, ValuePath } from "../source.ts";

/** What a JSONC text says, or every reason why it says nothing. */
export type ParsedJsonc = { document: SourceDocument; issues?: undefined } | { issues: Issue[]; document?: undefined };

/** Deepest nesting. The parser recurses, and so does all that works on its result, so this is checked before it. */
const MAX_DEPTH = 100;

/** Most tokens; editor settings of thousands of lines have a tenth of it. */
const MAX_TOKENS = 200_000;

/** Kinds of tokens by the numbers of the scanner, whose own names for them exist only while it is compiled. */
const TOKEN = { openBrace: 1, closeBrace: 2, openBracket: 3, closeBracket: 4, endOfFile: 17 } as const;

const SYNTAX_ERRORS: Record<string, string> = {
  InvalidNumberFormat: "a number is written in a way JSON does not know",
  PropertyNameExpected: "a key in double quotes is missing here",
  ValueExpected: "a value is missing here",
  ColonExpected: "':' is missing after a key",
  CommaExpected: "',' is missing before this",
  CloseBraceExpected: "a '{' is never closed",
  CloseBracketExpected: "a '[' is never closed",
  EndOfFileExpected: "something follows the end of the map",
  UnexpectedEndOfComment: "a comment is never closed",
  UnexpectedEndOfString: "a text is never closed",
  UnexpectedEndOfNumber: "a number breaks off",
  InvalidUnicode: "\\u needs four hexadecimal digits",
  InvalidEscapeCharacter: "a '\\' stands before a character that needs none",
  InvalidCharacter: "a text holds a character that must be written as an escape",
};

type Problem = { offset: number; issue: IssueText };
type Walked = { value: unknown; marks: Marks };
type Walk = { text: string; report: (offset: number, issue: IssueText) => void; free: (path: ValuePath) => boolean };

/**
 * Parses JSON with comments and trailing commas, as editors read devcontainer.json. A byte order mark is skipped. Syntax
 * errors, keys given twice, hidden characters and anything but a map at the top are issues.
 * @param free which values may hold control characters: those that devc shows to nobody
 */
export function parseJsonc(source: SourceText, free: (path: ValuePath) => boolean = () => false): ParsedJsonc {
  const plain = source.text.startsWith("\uFEFF") ? sourceText(source.display, source.text.slice(1)) : source;
  const refused = (problems: Problem[]): ParsedJsonc => {
    const issues = problems.map(({ offset, issue }) => ({ ...issue, position: positionAt(plain, offset) }));
    return { issues: firstOfEachLine(issues).slice(0, MAX_ISSUES) };
  };
  const bomb = excess(plain.text);
  if (bomb) return refused([bomb]);
  const errors: ParseError[] = [];
  const tree = parseTree(plain.text, errors, { allowTrailingComma: true });
  if (!tree && errors.every(({ error }) => printParseErrorCode(error) === "ValueExpected")) {
    const expected = 'a map, such as {"image": "debian:bookworm-slim"}';
    return refused([{ offset: 0, issue: { code: "empty-document", message: "the file is empty", expected } }]);
  }
  if (!tree || errors.length > 0) return refused(errors.map((error) => syntaxProblem(plain.text, error)));
  const found: Problem[] = [];
  const walked = walk(tree, [], { text: plain.text, report: (offset, issue) => found.push({ offset, issue }), free });
  if (tree.type !== "object") {
    const issue = { code: "not-a-map", message: "the file holds no map", expected: "keys and values in { }" };
    found.push({ offset: tree.offset, issue });
  }
  return found.length > 0 ? refused(found) : { document: { source: plain, ...walked } };
}

/** Where a text nests too deep or holds too much for what works on it afterwards. */
function excess(text: string): Problem | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  let count = 0;
  for (let token: number = scanner.scan(); token !== TOKEN.endOfFile; token = scanner.scan()) {
    if (token === TOKEN.openBrace || token === TOKEN.openBracket) depth += 1;
    if (token === TOKEN.closeBrace || token === TOKEN.closeBracket) depth -= 1;
    count += 1;
    const tooDeep = depth > MAX_DEPTH;
    if (!tooDeep && count <= MAX_TOKENS) continue;
    const message = tooDeep ? `values are nested more than ${MAX_DEPTH} levels deep` : "the file holds too many values";
    return { offset: scanner.getTokenOffset(), issue: { code: tooDeep ? "too-deep" : "too-large", message } };
  }
  return undefined;
}

function syntaxProblem(text: string, { error, offset, length }: ParseError): Problem {
  const written = text.slice(offset, offset + Math.min(length, 40));
  const known = SYNTAX_ERRORS[printParseErrorCode(error)] ?? `${written} is no value; texts and keys stand in "quotes"`;
  return { offset, issue: { code: "json-syntax", message: `not valid JSON: ${known}` } };
}

/** One mistake makes the parser complain about the rest of the line too. */
function firstOfEachLine(issues: Issue[]): Issue[] {
  const lines = new Set<number | undefined>();
  return issues.filter(({ code, position }) => {
    if (code !== "json-syntax") return true;
    const first = !lines.has(position?.line);
    lines.add(position?.line);
    return first;
  });
}

function walk(node: Node, path: ValuePath, state: Walk): Walked {
  if (node.type === "object") return walkMap(node, path, state);
  const start = node.offset;
  if (node.type === "array") {
    const items = (node.children ?? []).map((item, index) => walk(item, [...path, index], state));
    return { value: items.map(({ value }) => value), marks: { start, items: items.map(({ marks }) => marks) } };
  }
  const value: unknown = node.value;
  if (typeof value === "string") {
    const hidden = state.free(path) ? undefined : hiddenCharacter(value);
    if (hidden) state.report(start, hidden.issue);
  }
  if (typeof value !== "number") return { value, marks: { start } };
  const written = state.text.slice(start, start + node.length);
  if (!Number.isFinite(value)) state.report(start, { code: "out-of-range", message: `${written} is too large` });
  return { value, marks: written === String(value) ? { start } : { start, written } };
}

function walkMap(node: Node, path: ValuePath, state: Walk): Walked {
  const value: Record<string, unknown> = {};
  const members: NonNullable<Marks["members"]> = new Map();
  for (const { children } of node.children ?? []) {
    const [keyNode, valueNode] = children as [Node, Node];
    const key = String(keyNode.value);
    const refusal = keyProblem(key, members, state.free(path));
    if (refusal) {
      state.report(keyNode.offset, refusal);
      continue;
    }
    const member = walk(valueNode, [...path, key], state);
    value[key] = member.value;
    members.set(key, { key: keyNode.offset, value: member.marks });
  }
  return { value, marks: { start: node.offset, members } };
}

function keyProblem(key: string, seen: Map<string, unknown>, free: boolean): IssueText | undefined {
  if (!free && /[\t\r\n]/.test(key))
    return { code: "control-character", message: "the key holds a tab or a line break", expected: "plain text" };
  const hidden = free ? undefined : hiddenCharacter(key);
  if (hidden) return hidden.issue;
  if (key === "__proto__")
    return { code: "forbidden-key", message: `the key ${key} is not allowed`, expected: "another name" };
  if (!seen.has(key)) return undefined;
  return { code: "duplicate-key", message: `the key '${key}' is given twice`, expected: "each key once" };
}
