import { Composer, isMap, isScalar, Lexer, Parser } from "yaml";
import type { Document, ParsedNode } from "yaml";

import type { Issue } from "./errors.ts";
import { MAX_ISSUES, positionAt } from "./source.ts";
import type { IssueText, SourceDocument, SourceText } from "./source.ts";
import { walkDocument } from "./walk-yaml.ts";

/** What a YAML text says, or every reason why it says nothing. */
export type ParsedYaml = { document: SourceDocument; issues?: undefined } | { issues: Issue[]; document?: undefined };

/** Deepest nesting of the parser's stack. A manifest needs about ten; the composer recurses, so this is checked before it. */
const MAX_DEPTH = 48;

/** Most tokens of the lexer; a manifest of a thousand projects has half as many. */
const MAX_TOKENS = 400_000;

type Token = Parameters<Composer["next"]>[0];
type YamlDocument = Document.Parsed<ParsedNode, true>;

/**
 * Parses one YAML document of the plain kind a manifest is written in: YAML 1.2 core schema, string keys, no tags, no
 * directives, no merge keys, aliases only within a limit. Everything else is an issue; nothing is guessed.
 */
export function parseYaml(source: SourceText): ParsedYaml {
  const located = (offset: number, issue: IssueText): Issue => ({ ...issue, position: positionAt(source, offset) });
  const refused = (problems: Problem[]): ParsedYaml => {
    const issues = problems.map(({ offset, issue }) => located(offset, issue));
    return { issues: firstOfEachLine(issues).slice(0, MAX_ISSUES) };
  };
  const { tokens, problem } = readTokens(source.text);
  if (problem) return refused([problem]);
  const composer = new Composer({
    version: "1.2",
    schema: "core",
    merge: false,
    strict: true,
    uniqueKeys: false, // compares every pair of keys; the walk finds duplicates in one pass
    prettyErrors: false,
    logLevel: "error",
  });
  const documents = [...composer.compose(tokens, true, source.text.length)] as YamlDocument[];
  const problems = [...directiveIssues(tokens), ...documentIssues(documents)];
  if (problems.length > 0) return refused(problems);
  const [document] = documents as [YamlDocument];
  const { contents } = document;
  if (contents === null || isEmptyScalar(contents)) {
    return refused([
      {
        offset: 0,
        issue: { code: "empty-document", message: "the file is empty", expected: "a map; `{}` declares nothing" },
      },
    ]);
  }
  const found: Problem[] = [];
  const walked = walkDocument(contents, (offset, issue) => found.push({ offset, issue }));
  if (!isMap(contents)) {
    const expected = "keys and values, beginning with `version: 1`";
    found.push({
      offset: walked.marks.start,
      issue: { code: "not-a-map", message: "the file holds no map", expected },
    });
  }
  return found.length > 0 ? refused(found) : { document: { source, ...walked } };
}

type Problem = { offset: number; issue: IssueText };

/** The parser itself does not recurse, but what works on its result does. */
function readTokens(text: string): { tokens: Token[]; problem?: Problem } {
  const parser = new Parser();
  const tokens: Token[] = [];
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    count += 1;
    const tooDeep = parser.stack.length > MAX_DEPTH;
    if (!tooDeep && count <= MAX_TOKENS) continue;
    const message = tooDeep ? `values are nested more than ${MAX_DEPTH} levels deep` : "the file holds too many values";
    const offset = Math.max(0, parser.offset - lexeme.length);
    return { tokens, problem: { offset, issue: { code: tooDeep ? "too-deep" : "too-large", message } } };
  }
  tokens.push(...parser.end());
  return { tokens };
}

/** One mistake makes the YAML parser complain about the rest of the line too. */
function firstOfEachLine(issues: Issue[]): Issue[] {
  const lines = new Set<number | undefined>();
  return issues.filter(({ code, position }) => {
    if (code !== "yaml-syntax") return true;
    const first = !lines.has(position?.line);
    lines.add(position?.line);
    return first;
  });
}

/** `%YAML 1.1` would change what values mean, `%TAG` brings tags. */
function directiveIssues(tokens: Token[]): Problem[] {
  const directives = tokens.filter((token) => token.type === "directive");
  return directives.map(({ offset, source }) => ({
    offset,
    issue: {
      code: "yaml-directive",
      message: `the directive ${source} is not allowed`,
      expected: "YAML 1.2 without directives",
    },
  }));
}

/** Syntax errors; when there are none, a superfluous document. */
function documentIssues(documents: YamlDocument[]): Problem[] {
  const errors = documents.flatMap((document) => document.errors);
  const syntax = errors.map(({ pos, code, message }): Problem => {
    const tag = code === "TAG_RESOLVE_FAILED";
    return { offset: pos[0], issue: { code: tag ? "yaml-tag" : "yaml-syntax", message: `not valid YAML: ${message}` } };
  });
  const [, second] = documents;
  if (syntax.length > 0 || !second) return syntax;
  const message = "the file holds more than one document";
  return [
    {
      offset: second.range[0],
      issue: { code: "multiple-documents", message, expected: "one document, without a second `---`" },
    },
  ];
}

function isEmptyScalar(node: ParsedNode): boolean {
  return isScalar(node) && node.value === null && (node.source ?? "") === "";
}
