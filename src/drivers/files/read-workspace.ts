import { basename, dirname, join, resolve } from "node:path";

import { checkStructure } from "../../model/check-structure.ts";
import type { Issue } from "../../model/errors.ts";
import type { DeclaredManifest } from "../../model/manifest.ts";
import { mergeLayers } from "../../model/merge.ts";
import type { Origins } from "../../model/origins.ts";
import { parseYaml } from "../../model/parse-yaml.ts";
import { readLayer } from "../../model/read-layer.ts";
import type { Layer } from "../../model/read-layer.ts";
import { resolveManifest } from "../../model/resolve.ts";
import type { LeftOut } from "../../model/resolve.ts";
import { issueAt } from "../../model/source.ts";
import type { SourceDocument, ValuePath } from "../../model/source.ts";
import type { FileBook } from "./file-book.ts";
import type { Files } from "./files.ts";
import type { Found } from "./find.ts";
import { expandHome } from "./home.ts";
import { loneDevcontainer } from "./lone-devcontainer.ts";
import { readDevcontainers } from "./read-devcontainers.ts";
import { decodeSource } from "./read.ts";

/** What the files of a workspace declare together. Incomplete when there are issues. */
export type ReadWorkspace = { declared: DeclaredManifest; origins: Origins; issues: Issue[] };

/** More files than any team shares; a limit on what one manifest can make devc read. */
const MAX_FILES = 32;

type Reading = {
  fs: Files;
  home: string;
  book: FileBook;
  layers: Layer[];
  issues: Issue[];
  /** Values left out by structural issues. */
  omitted: ValuePath[];
  /** Some file could not be used at all. */
  fileLost: boolean;
};

/**
 * Reads and checks the manifest, the files it extends, the personal file and the devcontainer.json of each project that uses
 * one, and merges them. This is the slow way, which loads the parsers and the schemas; `load.ts` takes it only when its cache
 * does not know the files.
 * @param found the manifest, or the devcontainer.json that alone declares the workspace
 * @param local the personal file beside it
 */
export function readWorkspace(fs: Files, home: string, found: Found, local: string, book: FileBook): ReadWorkspace {
  const reading: Reading = { fs, home, book, layers: [], issues: [], omitted: [], fileLost: false };
  const alone = found.kind === "devcontainer" ? loneDevcontainer(found, book) : undefined;
  if (alone) reading.layers.push(alone);
  const main = alone ? undefined : readFile(reading, found.path, "manifest", []);
  const localBytes = book.take(local);
  if (!localBytes.absent) readFile(reading, local, "layer", []);
  const { issues, omitted, layers, fileLost } = reading;
  const leftOut: LeftOut = {
    image: fileLost || omitted.some((path) => losesImage(path)) || issues.some(({ code }) => code === "invalid-image"),
    profile: (name) => fileLost || omitted.some(([top, entry, ...rest]) => losesProfile(name, top, entry, rest)),
  };
  const merged = mergeLayers(layers);
  const chosen = alone && { project: Object.keys(alone.projects ?? {})[0] as string, file: found.path };
  const devcontainers = readDevcontainers({ fs, home, root: found.root, book, issues }, merged, chosen);
  const { declared, origins, issues: further } = resolveManifest(merged, leftOut, devcontainers);
  issues.push(...further);
  const lostProjects = fileLost || omitted.some(([top, ...rest]) => top === "projects" && rest.length === 0);
  if (main && !lostProjects && !layers.some(({ projects }) => projects)) {
    const issue = {
      code: "missing-key",
      message: "'projects' is missing",
      expected: "projects: {} when there are none",
    };
    issues.push(issueAt(main, [], issue));
  }
  return { declared, origins, issues };
}

function losesImage(path: ValuePath): boolean {
  const [top, ...rest] = path;
  if (top === "defaults") return rest.length === 0 || rest[0] === "image";
  return top === "projects" && (rest.length <= 1 || rest[1] === "image");
}

function losesProfile(name: string, top: unknown, entry: unknown, rest: ValuePath): boolean {
  return top === "profiles" && (entry === undefined || (entry === name && rest.length === 0));
}

/** Reads one file and, before it, the files it extends; undefined when it holds nothing usable. */
function readFile(
  reading: Reading,
  path: string,
  role: "manifest" | "layer",
  trail: string[],
): SourceDocument | undefined {
  const { book, issues } = reading;
  const lose = (lost: Issue[]): undefined => {
    reading.fileLost = true;
    issues.push(...lost);
  };
  const taken = book.take(path);
  if (taken.issue) return lose([taken.issue]);
  const decoded = decodeSource(taken.bytes, book.displayOf(path));
  if (decoded.issue) return lose([decoded.issue]);
  const parsed = parseYaml(decoded.source);
  if (parsed.issues) return lose(parsed.issues);
  const structure = checkStructure(parsed.document, role);
  const { layer, issues: found } = readLayer(taken.index, structure.document, structure.file);
  issues.push(...structure.issues, ...found);
  reading.omitted.push(...structure.omitted);
  for (const [index, text] of (structure.file.extends ?? []).entries()) {
    readExtended(reading, structure.document, ["extends", index], text, [...trail, path]);
  }
  reading.layers.push(layer);
  return structure.document;
}

function readExtended(reading: Reading, by: SourceDocument, at: ValuePath, text: string, trail: string[]): void {
  const { fs, home, book, issues } = reading;
  const refuse = (code: string, message: string, expected?: string) => {
    reading.fileLost = true;
    issues.push(issueAt(by, at, { code, message, ...(expected === undefined ? {} : { expected }) }));
  };
  const expanded = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? undefined : expandHome(text, home);
  if (expanded === undefined)
    return refuse("invalid-path", `'${text}' is not a path of a file`, "a path such as ./team.yaml");
  const written = resolve(dirname(trail.at(-1) as string), expanded);
  if (!fs.stat(dirname(written))) return refuse("file-missing", `there is no file '${text}'`, "a file that exists");
  const path = join(fs.realpath(dirname(written)), basename(written));
  if (trail.includes(path)) {
    const circle = [...trail.slice(trail.indexOf(path)), path].map((file) => book.displayOf(file));
    return refuse("extends-cycle", `files extend each other in a circle: ${circle.join(" → ")}`, "a chain that ends");
  }
  if (book.has(path)) return undefined; // its settings are below those of whoever named it first
  if (book.size >= MAX_FILES) return refuse("too-many-files", `more than ${MAX_FILES} files take part`, "fewer files");
  const taken = book.take(path);
  if (taken.issue) return refuse(taken.issue.code, taken.issue.message, taken.issue.expected);
  readFile(reading, path, "layer", trail);
}
