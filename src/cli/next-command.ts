import type { COMMON, PLANNING } from "./common.ts";
import type { OptionValues } from "./options.ts";

/** The flags that decide what a plan is for. */
type Given = OptionValues<typeof COMMON & typeof PLANNING>;

/** The command to type next: with the flags that were given, so that it is about the same thing. */
export function nextCommand(command: string, given: Given): string {
  const values: [string, string | number | undefined][] = [
    ["-C", given.directory],
    ["-f", given.file],
    ["--engine", given.engine],
    ...given.project.map((project): [string, string] => ["-p", project]),
    ["--allow-delete", given["allow-delete"]],
  ];
  const words = values.flatMap(([flag, value]) => (value === undefined ? [] : [flag, shellWord(String(value))]));
  const flags = (["prune-volumes", "refresh"] as const).filter((flag) => given[flag]).map((flag) => `--${flag}`);
  return ["devc", command, ...words, ...flags].join(" ");
}

/** A word as a POSIX shell reads it back. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
