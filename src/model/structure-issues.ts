import type * as z from "zod";

import { knownKeys } from "./known-keys.ts";
import { NAME_EXPECTED, NAME_PATTERN } from "./manifest.ts";
import { nearest } from "./nearest.ts";
import { marksOf, pathText } from "./source.ts";
import type { IssueText, SourceDocument, ValuePath } from "./source.ts";

type ZodIssue = z.core.$ZodIssue;

/** Keys people know from Compose and devcontainer.json, and the key that does the same here. */
const FAMILIAR_KEYS: Record<string, string> = {
  services: "projects",
  environment: "env",
  containerEnv: "env",
  remoteUser: "user",
  containerUser: "user",
  cpus: "resources.cpus",
  memory: "resources.memory",
  mem_limit: "resources.memory",
  pids: "resources.pids",
  pids_limit: "resources.pids",
  cap_add: "capabilities.add",
  capAdd: "capabilities.add",
  cap_drop: "capabilities.drop",
  read_only: "readOnly",
  readonly: "readOnly",
  workspaceFolder: "path",
  context: "path",
};

const TYPE_NAMES: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a map",
  record: "a map",
  array: "a list",
};

/** One thing wrong, at a path of the document. */
export type Found = { path: ValuePath; issue: IssueText; which?: "key" | "value" };

/** What was checked with what. */
type Subject = { document: SourceDocument; schema: z.core.$ZodType };

/**
 * Turns an issue of zod into ours; one unknown key is one issue.
 * @param base leads to the value at which the issue's own path starts
 */
export function describeIssue(issue: ZodIssue, base: ValuePath, subject: Subject): Found[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  const value = valueAt(subject.document.value, path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(subject.schema, path, key, value));
  if (issue.code === "invalid_key") return [{ path, which: "key", issue: invalidName(path) }];
  if (value === undefined) return [missing(path)];
  if (issue.code === "invalid_union") return describeUnion(issue, path, subject);
  return [{ path, issue: describeValue(issue, path, value, marksOf(subject.document.marks, path)?.written) }];
}

function describeValue(issue: ZodIssue, path: ValuePath, value: unknown, written: string | undefined): IssueText {
  const what = pathText(path);
  if (issue.code === "invalid_type") return wrongType(what, value, [issue.expected], written);
  if (issue.code === "invalid_value") return notOneOf(what, value, issue.values.map(String));
  if (issue.code === "invalid_format") {
    if (isNamePattern(issue.pattern)) return invalidName(path, value);
    const expected = "letters, digits, '.', '_' and '-'";
    return { code: "invalid-value", message: `${what} cannot be ${show(value)}`, expected };
  }
  if (issue.code === "too_small") {
    if (value === "") return { code: "invalid-value", message: `${what} is empty`, expected: "a text" };
    return { code: "out-of-range", message: `${what} is too small`, expected: `at least ${issue.minimum}` };
  }
  if (issue.code === "too_big") {
    if (typeof value === "string") return invalidName(path, value);
    return { code: "out-of-range", message: `${what} is too large`, expected: `at most ${issue.maximum}` };
  }
  throw new Error(`internal: the schema reports ${issue.code}, which has no words yet`);
}

/** Alternatives of another type than the value's say nothing; the one it was meant as says what is wrong. */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, path: ValuePath, subject: Subject): Found[] {
  const { value: top, marks } = subject.document;
  const value = valueAt(top, path);
  if ("discriminator" in issue && issue.discriminator !== undefined) {
    const { options } = issue as unknown as { options: string[] };
    return [{ path, issue: notOneOf(pathText(path), value, options) }];
  }
  const alternatives = issue.errors as ZodIssue[][];
  const meant = alternatives.find((alternative) => !alternative.some(isMistyped));
  if (meant) return meant.flatMap((each) => describeIssue(each, path, subject));
  const types = alternatives.flat().flatMap((each) => (each.code === "invalid_type" ? [each.expected] : []));
  return [{ path, issue: wrongType(pathText(path), value, types, marksOf(marks, path)?.written) }];
}

function isMistyped({ code, path }: ZodIssue): boolean {
  return code === "invalid_type" && path.length === 0;
}

function notOneOf(what: string, value: unknown, known: string[]): IssueText {
  const suggestion = typeof value === "string" && !known.includes(value) ? nearest(value, known) : undefined;
  const message = value === null ? `${what} is empty` : `${what} cannot be ${show(value)}`;
  return { code: "invalid-value", message, expected: known.join(" or "), ...(suggestion ? { suggestion } : {}) };
}

function unknownKey(schema: z.core.$ZodType, path: ValuePath, key: string, value: unknown): Found {
  const known = knownKeys(schema, path, value as Record<string, unknown>);
  const familiar = Object.hasOwn(FAMILIAR_KEYS, key) ? FAMILIAR_KEYS[key] : undefined;
  const isHere = familiar !== undefined && known.includes(familiar.split(".", 1)[0] as string);
  const suggestion = isHere ? familiar : nearest(key, known);
  const where = path.length > 0 ? ` in ${pathText(path)}` : "";
  return {
    path: [...path, key],
    which: "key",
    issue: {
      code: "unknown-key",
      message: `unknown key '${key}'${where}`,
      expected: `one of ${known.join(", ")}`,
      ...(suggestion === undefined ? {} : { suggestion }),
    },
  };
}

/** What is left out for a missing member is the map that misses it. */
function missing(path: ValuePath): Found {
  const [owner, key] = [path.slice(0, -1), path.at(-1)];
  const message = owner.length > 0 ? `${pathText(owner)} has no '${key}'` : `'${key}' is missing`;
  const expected = path.length === 1 && key === "version" ? "version: 1" : undefined;
  return { path: owner, which: "key", issue: { code: "missing-key", message, ...(expected ? { expected } : {}) } };
}

function invalidName(path: ValuePath, value: unknown = path.at(-1)): IssueText {
  const isVariable = path.at(-2) === "env";
  const expected = isVariable ? "letters, digits and _, not beginning with a digit" : NAME_EXPECTED;
  return { code: "invalid-name", message: `${show(value)} cannot be a name here`, expected };
}

/** @param written how a number is written, which is what a text in its place most likely meant */
function wrongType(what: string, value: unknown, expected: string[], written: string | undefined): IssueText {
  const names = [...new Set(expected.map((type) => TYPE_NAMES[type] ?? type))];
  const isNumber = typeof value === "number" || typeof value === "boolean";
  const quoted = isNumber && names.join() === "a text" ? `, "${written ?? value}" in quotes` : "";
  const message = `${what} ${value === null ? "is empty" : `cannot be ${written ?? show(value)}`}`;
  return { code: "wrong-type", message, ...(names.length > 0 ? { expected: `${names.join(" or ")}${quoted}` } : {}) };
}

function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a map";
  return typeof value === "string" ? `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'` : String(value);
}

function isNamePattern(pattern: string | undefined): boolean {
  return pattern === String(new RegExp(NAME_PATTERN));
}

/** What stands at a path of a value; undefined when nothing does. */
export function valueAt(top: unknown, path: ValuePath): unknown {
  return path.reduce<unknown>((at, step) => {
    if (at === null || typeof at !== "object") return undefined;
    return Object.hasOwn(at, step) ? (at as Record<string | number, unknown>)[step] : undefined;
  }, top);
}
