import { isAlias, isMap, isScalar } from "yaml";
import type { Alias, Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";

import { hiddenCharacter } from "./decode.ts";
import type { IssueText, Marks } from "./source.ts";

/** Values that aliases may add to a file, all together: enough to share an `env` among hundreds of projects. */
const MAX_ALIASED_VALUES = 5000;

type Walked = { value: unknown; marks: Marks };
type Report = (offset: number, issue: IssueText) => void;

type State = {
  report: Report;
  anchors: Map<string, Node>;
  /** Nodes on the way from the top to here: an alias to one of them would be infinite. */
  active: Set<Node>;
  /** How many aliases are being expanded around here. */
  aliasDepth: number;
  aliasedValues: number;
};

/**
 * Turns a composed YAML tree into its plain value and the places of its parts, and reports what a manifest may not contain:
 * tags, keys that are not strings, duplicate and merge keys, aliases that explode or contain themselves.
 */
export function walkDocument(contents: Node, report: Report): Walked {
  return walk(contents, { report, anchors: new Map(), active: new Set(), aliasDepth: 0, aliasedValues: 0 });
}

function walk(node: Node | null, state: State): Walked {
  if (node === null) return { value: null, marks: { start: 0 } };
  if (isAlias(node)) return expand(node, state);
  if (node.tag !== undefined) {
    state.report(startOf(node), tagIssue(node.tag));
  }
  if ("anchor" in node && typeof node.anchor === "string") state.anchors.set(node.anchor, node);
  if (state.aliasDepth > 0) state.aliasedValues += 1;
  if (isScalar(node)) return walkScalar(node, state);
  state.active.add(node);
  const walked = isMap(node) ? walkMap(node, state) : walkSequence(node as YAMLSeq<Node>, state);
  state.active.delete(node);
  return walked;
}

function walkScalar(node: Scalar, { report }: State): Walked {
  const start = startOf(node);
  const hidden = typeof node.value === "string" ? hiddenCharacter(node.value) : undefined;
  if (hidden) report(start, hidden.issue);
  const differs = typeof node.value !== "string" && node.source !== undefined && node.source !== String(node.value);
  return { value: node.value, marks: differs ? { start, written: node.source as string } : { start } };
}

function walkSequence(node: YAMLSeq<Node>, state: State): Walked {
  const walked = node.items.map((item) => walk(item, state));
  return {
    value: walked.map(({ value }) => value),
    marks: { start: startOf(node), items: walked.map(({ marks }) => marks) },
  };
}

function walkMap(node: YAMLMap, state: State): Walked {
  const value: Record<string, unknown> = {};
  const members: NonNullable<Marks["members"]> = new Map();
  for (const pair of node.items as Pair<Node, Node | null>[]) {
    const key = keyOf(pair.key, members, state);
    if (key === undefined) continue;
    const start = startOf(pair.key);
    const member = walk(pair.value, state);
    value[key] = member.value;
    members.set(key, { key: start, value: pair.value === null ? { start } : member.marks });
  }
  return { value, marks: { start: startOf(node), members } };
}

/** The text of a key; undefined, after a report, when it cannot be one. */
function keyOf(node: Node, seen: Map<string, unknown>, { report }: State): string | undefined {
  const refuse = (issue: IssueText): undefined => void report(startOf(node), issue);
  if (!isScalar(node) || typeof node.value !== "string") {
    const written = isScalar(node) && node.source ? ` ${node.source}` : "";
    return refuse({
      code: "key-not-string",
      message: `the key${written} is not a text`,
      expected: written ? `"${written.trim()}" in quotes` : "a text",
    });
  }
  const key = node.value;
  if (node.tag !== undefined) return refuse(tagIssue(node.tag));
  const hidden = hiddenCharacter(key.replace(/[\t\r\n]/, "\0"));
  if (hidden) return refuse(hidden.issue);
  if (key === "<<") {
    return refuse({
      code: "merge-key",
      message: "merge keys (<<) are not part of YAML 1.2",
      expected: "`defaults`, a profile, or `extends` to share settings",
    });
  }
  if (key === "__proto__")
    return refuse({ code: "forbidden-key", message: `the key ${key} is not allowed`, expected: "another name" });
  if (seen.has(key))
    return refuse({ code: "duplicate-key", message: `the key '${key}' is given twice`, expected: "each key once" });
  return key;
}

function expand(node: Alias, state: State): Walked {
  const start = startOf(node);
  const refused: Walked = { value: null, marks: { start } };
  const refuse = (message: string, expected: string): Walked => {
    state.report(start, { code: "yaml-alias", message, expected });
    return refused;
  };
  const target = state.anchors.get(node.source);
  if (!target)
    return refuse(`the alias *${node.source} has no anchor before it`, `&${node.source} at an earlier value`);
  if (state.active.has(target))
    return refuse(`the alias *${node.source} contains itself`, "an alias to a finished value");
  if (state.aliasedValues > MAX_ALIASED_VALUES) return refused;
  state.aliasDepth += 1;
  const walked = walk(target, state);
  state.aliasDepth -= 1;
  if (state.aliasDepth === 0 && state.aliasedValues > MAX_ALIASED_VALUES) {
    return refuse(
      `aliases add more than ${MAX_ALIASED_VALUES} values to the file`,
      "the values written out, or shared by `defaults` or a profile",
    );
  }
  return { value: walked.value, marks: { ...walked.marks, start } };
}

function tagIssue(tag: string): IssueText {
  const shown = tag.replace(/^tag:yaml\.org,2002:/, "!!");
  return { code: "yaml-tag", message: `the tag ${shown} is not allowed`, expected: "a plain value without a tag" };
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
