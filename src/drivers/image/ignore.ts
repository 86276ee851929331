import dockerignore from "@balena/dockerignore";

/** Which paths of a context are left out. Paths are relative to the context, with `/`. */
export type IgnoreRules = {
  ignores(path: string): boolean;
  /** Whether nothing below a folder that is left out can be taken in again by an exception (`!path`). */
  ignoresAllBelow(folder: string): boolean;
};

/**
 * Rules of a `.dockerignore`, case-sensitive as Docker's.
 * https://docs.docker.com/build/concepts/context/ "Syntax"
 * @throws SyntaxError when a pattern cannot be read
 */
export function ignoreRules(text: string): IgnoreRules {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const rules = dockerignore.default({ ignorecase: false }).add(lines);
  const exceptions = lines.flatMap((line) => {
    const [, pattern] = /^\s*!\s*\/?(.*?)\/?\s*$/.exec(line) ?? [];
    return pattern ? [pattern.split("/").filter((part) => part !== "" && part !== ".")] : [];
  });
  // Patterns are compiled at their first use: a bad one is found here, not in the middle of a walk.
  rules.ignores("devc");
  return {
    ignores: (path) => rules.ignores(path),
    ignoresAllBelow: (folder) => !exceptions.some((parts) => reachesBelow(parts, folder.split("/"))),
  };
}

/** A part of the pattern that holds a wildcard may stand for any name: a folder is looked at once too often, never once too little. */
function reachesBelow(pattern: string[], folder: string[]): boolean {
  for (const [index, name] of folder.entries()) {
    const part = pattern[index];
    if (part === undefined) return false;
    if (part.includes("**") || part === "..") return true;
    if (part !== name && !/[*?[\\]/.test(part)) return false;
  }
  return pattern.length > folder.length;
}
