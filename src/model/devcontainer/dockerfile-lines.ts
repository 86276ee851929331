/** One instruction with what belongs to it. Lines count from 1. */
export type Instruction = {
  line: number;
  /** In capitals: `FROM`. */
  name: string;
  /** `--from=build` as `from: ["build"]`, in the order of writing; a flag without a value has an empty one. */
  flags: Record<string, string[]>;
  /** What stands behind the flags, continued lines joined, without the texts of heredocs. */
  rest: string;
};

/** Something wrong with a Dockerfile. Lines count from 1. */
export type DockerfileIssue = { code: string; line: number; message: string; expected?: string };

/** The instructions of a Dockerfile in order. */
export type DockerfileText = {
  /** Reference of the frontend that is to read it (`# syntax=`). */
  syntax?: string;
  escape: string;
  instructions: Instruction[];
  issues: DockerfileIssue[];
};

const INSTRUCTIONS = new Set(
  (
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME " +
    "WORKDIR"
  ).split(" "),
);
const WITH_HEREDOCS = new Set(["ADD", "COPY", "RUN"]);

/**
 * Splits a Dockerfile into instructions: parser directives, comments, continued lines, heredocs.
 * https://docs.docker.com/reference/dockerfile/ "Format", "Parser directives", "Here-documents"
 */
export function dockerfileInstructions(text: string): DockerfileText {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const { syntax, escape, issues } = directivesOf(lines);
  const found: DockerfileText = { ...(syntax ? { syntax } : {}), escape, instructions: [], issues };
  for (let at = 0; at < lines.length;) {
    const from = at;
    const logical = joined(lines, at, escape);
    at = logical.next;
    if (logical.text === "") continue;
    const instruction = instructionOf(logical.text, from + logical.skipped + 1);
    found.instructions.push(instruction);
    const { name, line } = innermost(instruction);
    if (!INSTRUCTIONS.has(name)) {
      issues.push({ code: "dockerfile-instruction", line, message: `unknown instruction ${name}` });
    }
    for (const { word, strip } of WITH_HEREDOCS.has(name) ? heredocsOf(innermost(instruction).rest) : []) {
      const end = lines.findIndex((one, index) => index >= at && (strip ? one.replace(/^\t+/, "") : one) === word);
      if (end < 0) {
        issues.push({ code: "dockerfile-heredoc", line, message: `the text that begins with <<${word} does not end` });
      }
      at = end < 0 ? lines.length : end + 1;
    }
  }
  return found;
}

/** The instruction that an ONBUILD holds; others are their own. */
export function innermost(instruction: Instruction): Instruction {
  return instruction.name === "ONBUILD" ? instructionOf(instruction.rest, instruction.line) : instruction;
}

/** Directives are comments at the very top; the first line that is none ends them. */
function directivesOf(lines: string[]): { syntax?: string; escape: string; issues: DockerfileIssue[] } {
  const found: { syntax?: string; escape: string; issues: DockerfileIssue[] } = { escape: "\\", issues: [] };
  for (const [index, line] of lines.entries()) {
    const [, key, value] = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) break;
    if (key.toLowerCase() === "syntax") found.syntax = value;
    if (key.toLowerCase() !== "escape") continue;
    if (value === "\\" || value === "`") found.escape = value;
    else {
      const message = `the escape character cannot be ${value}`;
      found.issues.push({ code: "dockerfile-directive", line: index + 1, message, expected: "\\ or `" });
    }
  }
  return found;
}

/** One instruction's lines as one, from `at` on; comment and empty lines are left out, also between continued ones. */
function joined(lines: string[], at: number, escape: string): { text: string; next: number; skipped: number } {
  let text = "";
  let next = at;
  let skipped = 0;
  for (; next < lines.length; next++) {
    const line = lines[next] as string;
    if (/^\s*(?:#|$)/.test(line)) {
      if (text === "") skipped += 1;
      continue;
    }
    const trimmed = line.trimEnd();
    if (!trimmed.endsWith(escape)) return { text: (text + line).trim(), next: next + 1, skipped };
    text += trimmed.slice(0, -1);
  }
  return { text: text.trim(), next, skipped };
}

function instructionOf(text: string, line: number): Instruction {
  const [, name = "", after = ""] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const flags: Record<string, string[]> = {};
  let rest = after;
  for (;;) {
    const [whole, flag, value = ""] = /^--([a-zA-Z-]+)(?:=("[^"]*"|\S*))?(?:\s+|$)/.exec(rest) ?? [];
    if (whole === undefined || flag === undefined) break;
    (flags[flag] ??= []).push(value.replace(/^"(.*)"$/, "$1"));
    rest = rest.slice(whole.length);
  }
  return { line, name: name.toUpperCase(), flags, rest };
}

/** Heredocs that a command begins, in order. Quoted words are shell text and begin none. */
function heredocsOf(command: string): { word: string; strip: boolean }[] {
  if (command.startsWith("[")) return [];
  const plain = command.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, (quoted, at: number) =>
    /<<-?$/.test(command.slice(0, at)) ? quoted : "_",
  );
  return [...plain.matchAll(/(?:^|[\s;|&()])\d*<<(-?)(["']?)([A-Za-z_][\w.-]*)\2(?=$|[\s;|&()>])/g)].map(
    ([, dash, , word]) => ({ word: word as string, strip: dash === "-" }),
  );
}
