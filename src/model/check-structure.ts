import type * as z from "zod";

import type { Issue } from "./errors.ts";
import { layerSchema, manifestSchema } from "./manifest-schema.ts";
import type { LayerFile } from "./manifest-schema.ts";
import { issueAt } from "./source.ts";
import type { Marks, SourceDocument, ValuePath } from "./source.ts";
import { describeIssue } from "./structure-issues.ts";
import type { Found } from "./structure-issues.ts";

/** What a file says as far as its structure is sound, and everything wrong with the rest. */
export type Structure = {
  file: LayerFile;
  /** The document without its unsound values. */
  document: SourceDocument;
  issues: Issue[];
  /** Paths of the values that were left out; for an unknown key that of the key it was most likely meant as. */
  omitted: ValuePath[];
};

/**
 * Checks a file against the schema. Every unsound value is reported and left out, so that what is sound can be checked
 * further and a person sees everything at once.
 * @param role `manifest` needs `version` and `workspace`, a `layer` does not
 */
export function checkStructure(document: SourceDocument, role: "manifest" | "layer"): Structure {
  const found = findings(document, role === "manifest" ? manifestSchema : layerSchema);
  const issues = found.map(({ path, issue, which }) => issueAt(document, path, issue, which));
  const sound = withoutUnsound(document, found, layerSchema);
  const omitted = found.flatMap(({ path, issue: { code, suggestion } }) => {
    if (code !== "unknown-key") return [path];
    return suggestion === undefined ? [] : [[...path.slice(0, -1), suggestion]];
  });
  return { file: layerSchema.parse(sound.value), document: sound, issues, omitted };
}

/**
 * Leaving a value out can leave its owner without something it needs; then the owner goes too.
 * @param schema one that asks for nothing at the top
 */
export function withoutUnsound(document: SourceDocument, found: Found[], schema: z.ZodType): SourceDocument {
  const paths = found.flatMap(({ path }) => (path.length > 0 ? [path] : []));
  if (paths.length === 0) return document;
  const rest = { ...document, ...omit(document, paths) };
  return withoutUnsound(rest, findings(rest, schema), schema);
}

/** Everything wrong with a document's structure, in our words. */
export function findings(document: SourceDocument, schema: z.ZodType): Found[] {
  const { error } = schema.safeParse(document.value);
  return (error?.issues ?? []).flatMap((issue) => describeIssue(issue as z.core.$ZodIssue, [], { document, schema }));
}

type Part = Pick<SourceDocument, "value" | "marks">;

/** A copy without the parts at these paths, and the marks of what is left: indices of both agree. */
function omit({ value, marks }: Part, paths: ValuePath[]): Part {
  if (value === null || typeof value !== "object" || paths.length === 0) return { value, marks };
  const gone = (step: string | number) => paths.some((path) => path.length === 1 && path[0] === step);
  const without = (step: string | number, part: unknown, partMarks: Marks): Part => {
    const below = paths.filter((path) => path.length > 1 && path[0] === step).map((path) => path.slice(1));
    return omit({ value: part, marks: partMarks }, below);
  };
  if (Array.isArray(value)) {
    const kept = value.flatMap((item, index) =>
      gone(index) ? [] : [without(index, item, marks.items?.[index] as Marks)],
    );
    return { value: kept.map((part) => part.value), marks: { ...marks, items: kept.map((part) => part.marks) } };
  }
  const members = Object.entries(value).flatMap(([key, member]) => {
    const place = marks.members?.get(key) as { key: number; value: Marks };
    return gone(key) ? [] : [{ key, at: place.key, part: without(key, member, place.value) }];
  });
  return {
    value: Object.fromEntries(members.map(({ key, part }) => [key, part.value])),
    marks: { ...marks, members: new Map(members.map(({ key, at, part }) => [key, { key: at, value: part.marks }])) },
  };
}
