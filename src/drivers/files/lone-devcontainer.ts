import { basename } from "node:path";

import { sha256 } from "../../model/json.ts";
import { MAX_NAME_LENGTH } from "../../model/manifest.ts";
import type { Layer } from "../../model/read-layer.ts";
import { RESERVED_PROJECTS } from "../../model/resolve.ts";
import { sourceText } from "../../model/source.ts";
import type { FileBook } from "./file-book.ts";
import type { Found } from "./find.ts";
import { decodeSource } from "./read.ts";

/** Hexadecimal digits that tell folders of one name apart. */
const HASH_LENGTH = 6;

/**
 * What a devcontainer.json without a manifest declares, as a manifest would: a workspace named `<folder>-<6 hex of its path's
 * hash>` with one project, named after the folder, of the default profile. Its values stand nowhere, so their place is the
 * beginning of the file.
 */
export function loneDevcontainer({ path, root }: Found, book: FileBook): Layer {
  const taken = book.takeDevcontainer(path);
  const decoded = taken.issue ? undefined : decodeSource(taken.bytes, book.displayOf(path));
  const source = decoded && !decoded.issue ? decoded.source : sourceText(book.displayOf(path), "");
  const name = sanitised(basename(root), MAX_NAME_LENGTH);
  const project = RESERVED_PROJECTS.has(name) ? `${name}-project` : name;
  return {
    file: taken.index,
    document: { source, value: {}, marks: { start: 0 } },
    workspace: workspaceNameOf(root),
    profiles: {},
    projects: { [project]: { path: root, resources: {}, env: {}, volumes: {} } },
  };
}

function workspaceNameOf(root: string): string {
  const hash = sha256(root).slice(0, HASH_LENGTH);
  return `${sanitised(basename(root), MAX_NAME_LENGTH - HASH_LENGTH - 1)}-${hash}`;
}

/** A text in the form of a name; see `NAME_PATTERN`. */
function sanitised(text: string, length: number): string {
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9_-]+/g, "-");
  return plain.slice(0, length).replaceAll(/^[-_]+|[-_]+$/g, "") || "workspace";
}
