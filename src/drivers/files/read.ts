import { dirname } from "node:path";

import { decodeText, MAX_FILE_BYTES } from "../../model/decode.ts";
import type { Issue } from "../../model/errors.ts";
import { isInside } from "../../model/refused-paths.ts";
import { sourceText } from "../../model/source.ts";
import type { SourceText } from "../../model/source.ts";
import { errorCodeOf } from "./files.ts";
import type { Files } from "./files.ts";

/** The bytes of a file, or why it cannot be part of a manifest; `absent` when nothing is there. */
export type ReadBytes = { bytes: Uint8Array; issue?: undefined } | { issue: Issue; absent?: true };

const KIND_NAMES = {
  file: "a file",
  directory: "a folder",
  symlink: "a symbolic link",
  socket: "a socket",
  fifo: "a FIFO",
  device: "a device",
  other: "something else",
} as const;

/**
 * Reads a file of a manifest: a regular file of at most 1 MiB that does not come from another folder through a symbolic link.
 * @param display how messages name the file
 * @param within real folder in which a link may lead anywhere; without it a link stays in the file's own folder
 */
export function readManifestBytes(fs: Files, path: string, display: string, within?: string): ReadBytes {
  const refuse = (code: string, message: string, expected?: string): ReadBytes => ({
    issue: { code, message, position: { file: display, line: 1, column: 1 }, ...(expected ? { expected } : {}) },
  });
  try {
    if (!fs.lstat(path)) return { ...refuse("file-missing", `there is no file ${display}`), absent: true } as ReadBytes;
    const stat = fs.stat(path);
    if (!stat) return refuse("file-missing", `${display} is a symbolic link that leads nowhere`);
    if (stat.kind !== "file") return refuse("not-a-file", `${display} is ${KIND_NAMES[stat.kind]}`, "a regular file");
    const real = fs.realpath(path);
    const leaves = within === undefined ? dirname(real) !== fs.realpath(dirname(path)) : !isInside(real, within);
    if (leaves) {
      const [bounds, expected] =
        within === undefined
          ? ["its folder", "a file in the same folder"]
          : ["the workspace", "a file in the workspace"];
      return refuse("symlink-outside", `${display} is a symbolic link that leaves ${bounds}, to ${real}`, expected);
    }
    if (stat.size > MAX_FILE_BYTES) return tooLarge(refuse, display);
    const bytes = fs.read(path, MAX_FILE_BYTES + 1);
    return bytes.length > MAX_FILE_BYTES ? tooLarge(refuse, display) : { bytes };
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === undefined) throw error;
    return refuse("unreadable", `${display} cannot be read: ${code}`, "a file you may read");
  }
}

function tooLarge(refuse: (code: string, message: string, expected: string) => ReadBytes, display: string): ReadBytes {
  return refuse(
    "too-large",
    `${display} is larger than 1 MiB`,
    "a manifest, which needs about half a kilobyte per project",
  );
}

/** Decodes what was read. */
export function decodeSource(
  bytes: Uint8Array,
  display: string,
): { source: SourceText; issue?: undefined } | { issue: Issue } {
  const decoded = decodeText(bytes, display);
  return decoded.issue ? { issue: decoded.issue } : { source: sourceText(display, decoded.text) };
}
