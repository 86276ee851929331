import { positionAt } from "../source.ts";
import type { Marks, SourceDocument, SourceText } from "../source.ts";

/** Something worth a word that is no error. */
export type DevcontainerWarning = { code: string; message: string };

/** A warning about what stands at an offset of a file. */
export function warningAt(source: SourceText, offset: number, code: string, message: string): DevcontainerWarning {
  const { file, line } = positionAt(source, offset);
  return { code, message: `${file}:${line}: ${message}` };
}

/** A value with the places of its parts. */
type Part = { value: unknown; marks: Marks };

/** A member of a map, with the offset of its key. */
type Member = Part & { key: number };

/**
 * Maps old names to those of today, as the reference implementation reads them: `dockerFile` (and beside it, only then,
 * `context`) into `build`; `extensions`, `settings` and `devPort` into `customizations.vscode`, where what is there already
 * wins. Places go with their values. The document's structure is sound.
 */
export function mapLegacy(document: SourceDocument): { document: SourceDocument; warnings: DevcontainerWarning[] } {
  const warnings: DevcontainerWarning[] = [];
  const tell: Tell = ({ key }, code, message) => void warnings.push(warningAt(document.source, key, code, message));
  const mapped = mapEditor(mapDockerfile(document, tell), tell);
  return { document: { ...document, ...mapped }, warnings };
}

type Tell = (at: Member, code: "legacy-key" | "ignored-key", message: string) => void;

function mapDockerfile(top: Part, tell: Tell): Part {
  const [dockerFile, context] = [memberOf(top, "dockerFile"), memberOf(top, "context")];
  if (!dockerFile) {
    if (context) tell(context, "ignored-key", "'context' is ignored without 'dockerFile'; write build.context");
    return top;
  }
  tell(dockerFile, "legacy-key", "'dockerFile' is an old name; write build.dockerfile");
  const given = memberOf(top, "build");
  let build = withMember(without(given ?? emptyMap(dockerFile), "context"), "dockerfile", dockerFile);
  if (context) {
    tell(context, "legacy-key", "'context' is an old name; write build.context");
    build = withMember(build, "context", context);
  }
  const rest = without(without(top, "dockerFile"), "context");
  return withMember(rest, "build", { ...build, key: given?.key ?? dockerFile.key });
}

/** How an old setting of the editor meets one that is there already; without an answer both stay where they are. */
const EDITOR_KEYS: Record<string, (given: Member, old: Member) => Member | undefined> = {
  extensions: joined,
  settings: (given, old) => over(old, given),
  devPort: () => undefined,
};

function mapEditor(top: Part, tell: Tell): Part {
  const written = Object.entries(EDITOR_KEYS).flatMap(([name, meet]) => {
    const old = memberOf(top, name);
    return old ? [{ name, meet, old }] : [];
  });
  const [first] = written;
  if (!first) return top;
  const empty = { ...emptyMap(first.old), key: first.old.key };
  const customizations = memberOf(top, "customizations") ?? empty;
  const given = memberOf(customizations, "vscode");
  const vscode = given?.value ? given : empty;
  if (!vscode.marks.members) {
    for (const { name, old } of written) {
      tell(old, "ignored-key", `'${name}' is ignored: customizations.vscode is no map`);
    }
    return written.reduce((rest, { name }) => without(rest, name), top);
  }
  let [editor, rest]: [Part, Part] = [vscode, top];
  for (const { name, meet, old } of written) {
    const there = memberOf(editor, name);
    const now = there ? meet(there, old) : old;
    if (!now) continue;
    tell(old, "legacy-key", `'${name}' is an old name; write customizations.vscode.${name}`);
    editor = withMember(editor, name, now);
    rest = without(rest, name);
  }
  const tools = withMember(customizations, "vscode", { ...editor, key: vscode.key });
  return withMember(rest, "customizations", { ...tools, key: customizations.key });
}

function emptyMap({ marks }: Part): Part {
  return { value: {}, marks: { start: marks.start, members: new Map() } };
}

function memberOf({ value, marks }: Part, name: string): Member | undefined {
  const place = marks.members?.get(name);
  return place && { value: (value as Record<string, unknown>)[name], marks: place.value, key: place.key };
}

function withMember({ value, marks }: Part, name: string, { key, ...member }: Member): Part {
  const members = new Map([...(marks.members ?? []), [name, { key, value: member.marks }]]);
  return { value: { ...(value as object), [name]: member.value }, marks: { ...marks, members } };
}

function without({ value, marks }: Part, name: string): Part {
  const members = new Map([...(marks.members ?? [])].filter(([key]) => key !== name));
  return {
    value: Object.fromEntries(Object.entries(value as object).filter(([key]) => key !== name)),
    marks: { ...marks, members },
  };
}

/** Two lists as one; of a value that is no list, which is the editor's business, only the other is left. */
function joined(first: Member, second: Member): Member {
  if (!Array.isArray(first.value)) return second;
  const items = [...(first.marks.items ?? []), ...(second.marks.items ?? [])];
  return { ...first, value: [...first.value, ...(second.value as unknown[])], marks: { ...first.marks, items } };
}

/** Two maps as one, in which `upper` wins. */
function over(lower: Member, upper: Member): Member {
  if (!upper.marks.members) return upper;
  const members = new Map([...(lower.marks.members ?? []), ...upper.marks.members]);
  return {
    ...upper,
    value: { ...(lower.value as object), ...(upper.value as object) },
    marks: { ...upper.marks, members },
  };
}
