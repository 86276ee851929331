import { nearest } from "../nearest.ts";
import { splitOnce } from "./mount-grammar.ts";
import { RUN_FLAGS } from "./run-args-table.ts";
import type { RunFlag, RunRule } from "./run-args-table.ts";

/** One flag of `runArgs` with its value. */
export type RunOption = {
  /** As it is written, without the value: `--memory`, `-m`. */
  flag: string;
  rule: RunRule;
  /** `true` for a switch without a value. */
  value: string;
  /** Which of `runArgs` holds the value. */
  index: number;
};

/** Something in `runArgs` that is no flag of `docker run` or lacks its value. */
export type RunProblem = { index: number; code: string; message: string; suggestion?: string };

const BY_SHORT: ReadonlyMap<string, RunFlag> = new Map(
  Object.values(RUN_FLAGS).flatMap((flag) => (flag.short === undefined ? [] : [[flag.short, flag]])),
);

/**
 * Reads `runArgs` as `docker run` does: `--flag value`, `--flag=value`, `-f value`, `-fvalue`, `-f=value`, switches put
 * together (`-it`). Flags come out in the order in which they are written.
 */
export function parseRunArgs(args: readonly string[]): { options: RunOption[]; problems: RunProblem[] } {
  const options: RunOption[] = [];
  const problems: RunProblem[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] as string;
    const found = arg.startsWith("--") ? longFlag(arg) : shortFlags(arg);
    if ("code" in found) {
      problems.push({ index, ...found });
      continue;
    }
    for (const { flag, known, value } of found) {
      if (value !== undefined || known.isSwitch) {
        options.push({ flag, rule: known.rule, value: value ?? "true", index });
        continue;
      }
      const next = args[index + 1];
      if (next === undefined) {
        problems.push({ index, code: "missing-value", message: `${flag} of docker run needs a value` });
        continue;
      }
      index += 1;
      options.push({ flag, rule: known.rule, value: next, index });
    }
  }
  return { options, problems };
}

type Found = { flag: string; known: RunFlag; value?: string };

function longFlag(arg: string): Found[] | Omit<RunProblem, "index"> {
  const [flag, value] = splitOnce(arg, "=") as [string, string?];
  const name = flag.slice(2);
  const known = Object.hasOwn(RUN_FLAGS, name) ? RUN_FLAGS[name] : undefined;
  if (known) return [{ flag, known, ...(value === undefined ? {} : { value }) }];
  const suggestion = nearest(name, Object.keys(RUN_FLAGS));
  return {
    code: "unknown-flag",
    message: name === "" ? "docker run takes no flags after '--'" : `docker run has no flag '${flag}'`,
    ...(suggestion === undefined ? {} : { suggestion: `--${suggestion}` }),
  };
}

/** One short flag, or several switches and at most one flag with a value at the end. */
function shortFlags(arg: string): Found[] | Omit<RunProblem, "index"> {
  if (!arg.startsWith("-") || arg === "-")
    return { code: "invalid-run-arg", message: `'${arg}' is not a flag of docker run, nor the value of one` };
  const found: Found[] = [];
  for (let at = 1; at < arg.length; at += 1) {
    const letter = arg.charAt(at);
    const known = BY_SHORT.get(letter);
    if (!known) return { code: "unknown-flag", message: `docker run has no flag '-${letter}', in '${arg}'` };
    const rest = arg.slice(at + 1);
    const flag = `-${letter}`;
    if (rest.startsWith("=")) return [...found, { flag, known, value: rest.slice(1) }];
    if (!known.isSwitch) return [...found, { flag, known, ...(rest === "" ? {} : { value: rest }) }];
    found.push({ flag, known });
  }
  return found;
}
