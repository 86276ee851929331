import { posix, relative, resolve, sep } from "node:path";

import { errorCodeOf } from "../files/files.ts";
import type { Files } from "../files/files.ts";

/** Far above any that a person writes. */
const MAX_DOCKERFILE_BYTES = 1024 * 1024;

/** Text of a Dockerfile, or why there is none. */
export function readDockerfileText(fs: Files, path: string): { text: string } | { problem: string } {
  try {
    const stat = fs.stat(path);
    if (!stat) return { problem: "does not exist" };
    if (stat.kind !== "file") return { problem: "is no file" };
    if (stat.size > MAX_DOCKERFILE_BYTES) return { problem: "is larger than 1 MiB" };
    const bytes = fs.read(path, MAX_DOCKERFILE_BYTES);
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return { problem: "is no UTF-8 text" };
    const code = errorCodeOf(error);
    if (code === undefined) throw error;
    return { problem: `cannot be read: ${code}` };
  }
}

/** The way from a context to a Dockerfile, with `/`. Both absolute. */
export function dockerfilePathIn(context: string, dockerfile: string): string {
  return relative(context, dockerfile).split(sep).join(posix.sep);
}

/** The path in the context, or undefined when it leads out of it. */
export function insideContext(path: string): string | undefined {
  return path === ".." || path.startsWith("../") || resolve("/", path) !== `/${path}` ? undefined : path;
}
