import { dockerfileInstructions, innermost } from "./dockerfile-lines.ts";
import type { DockerfileIssue, Instruction } from "./dockerfile-lines.ts";
import { expandWord } from "./dockerfile-words.ts";

export type { DockerfileIssue } from "./dockerfile-lines.ts";

/** What a Dockerfile says of a build without building. */
export type DockerfileFacts = {
  /** References of images that the stages of the target start or copy from and that are no stages. Sorted, without `scratch`. */
  bases: string[];
  /** User of the result, when a stage of the file sets one without variables. */
  user?: string;
  /** Reference of the frontend that is to read it (`# syntax=`); builders other than BuildKit ignore it. */
  syntax?: string;
  /** Names of the stages in order; a stage without one has its number. */
  stages: string[];
};

/** What decides the facts besides the text. */
export type DockerfileOptions = { args: Record<string, string>; target?: string };

type Stage = { line: number; name: string; image: string | undefined; instructions: Instruction[] };

/** Arguments that every build has; their values are the engine's. */
const PLATFORM_ARGS = /^(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT)$|^TARGETSTAGE$/;

const STAGE_NAME = /^[a-z][a-z0-9._-]*$/;

/**
 * Reads a Dockerfile as far as devc must know it. What only the builder can judge is left to the builder; a base whose name
 * holds a value of the engine (`$TARGETARCH`) is not among the bases.
 * https://docs.docker.com/reference/dockerfile/
 */
export function readDockerfile(
  text: string,
  { args, target }: DockerfileOptions,
): { facts?: DockerfileFacts; issues: DockerfileIssue[] } {
  const { instructions, escape, syntax, issues } = dockerfileInstructions(text);
  const stages = stagesOf(instructions, args, escape, issues);
  if (stages.length === 0 && issues.length === 0) {
    issues.push({ code: "dockerfile-empty", line: 1, message: "there is no FROM in the file" });
  }
  const last = target === undefined ? stages.length - 1 : indexOf(stages, target, stages.length);
  if (last === undefined && issues.length === 0) {
    const names = stages.map(({ name }) => name).join(", ");
    const message = `there is no stage '${target}' in the file`;
    issues.push({ code: "dockerfile-target", line: stages.at(-1)?.line ?? 1, message, expected: `one of: ${names}` });
  }
  if (issues.length > 0 || last === undefined) return { issues };
  const user = userOf(stages, last);
  return {
    facts: {
      bases: basesOf(stages, last),
      ...(user === undefined ? {} : { user }),
      ...(syntax === undefined ? {} : { syntax }),
      stages: stages.map(({ name }) => name),
    },
    issues,
  };
}

function stagesOf(
  instructions: Instruction[],
  args: Record<string, string>,
  escape: string,
  issues: DockerfileIssue[],
): Stage[] {
  const stages: Stage[] = [];
  const globals = new Map<string, string>();
  const known = (name: string) =>
    PLATFORM_ARGS.test(name) && !globals.has(name) ? undefined : (globals.get(name) ?? "");
  for (const instruction of instructions) {
    const { name, line, rest } = instruction;
    if (name === "FROM") {
      stages.push(stageOf(instruction, stages, (word) => expandWord(word, known, escape), issues));
    } else if (stages.length > 0) {
      stages.at(-1)?.instructions.push(instruction);
    } else if (name === "ARG") {
      for (const [key, value] of argumentsOf(rest)) {
        const given = Object.hasOwn(args, key) ? args[key] : undefined;
        const standard = value === undefined ? undefined : expandWord(value, known, escape);
        const decided = given ?? standard;
        if (decided !== undefined) globals.set(key, decided);
      }
    } else if (issues.length === 0) {
      issues.push({ code: "dockerfile-order", line, message: `${name} stands before the first FROM` });
    }
  }
  return stages;
}

function stageOf(
  { line, rest }: Instruction,
  before: Stage[],
  expand: (word: string) => string | undefined,
  issues: DockerfileIssue[],
): Stage {
  const [written = "", as, name, ...more] = rest.split(/\s+/).filter((word) => word !== "");
  const refuse = (message: string, expected?: string) =>
    issues.push({ code: "dockerfile-from", line, message, ...(expected === undefined ? {} : { expected }) });
  const image = expand(written);
  const wellFormed = as === undefined || (as.toLowerCase() === "as" && name !== undefined && more.length === 0);
  if (written === "") refuse("FROM names no image");
  else if (!wellFormed) refuse(`FROM is followed by '${rest}'`, "FROM image, or FROM image AS name");
  else if (image === "") refuse(`'${written}' is empty: an ARG before the first FROM must give it a value`);
  const own = name?.toLowerCase();
  if (wellFormed && own !== undefined && !STAGE_NAME.test(own)) {
    refuse(`'${name}' is no name of a stage`, "a letter, then letters, digits, dot, dash and underscore");
  }
  return { line, name: own ?? String(before.length), image, instructions: [] };
}

/** `NAME` and `NAME=value` words of an ARG; quotes may hold white space. */
function argumentsOf(rest: string): [string, string | undefined][] {
  return (rest.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) => {
    const at = word.indexOf("=");
    return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
  });
}

/** The stage that a name or number means, among the first `before`; the latest of one name counts. */
function indexOf(stages: Stage[], word: string, before: number): number | undefined {
  const named = stages.slice(0, before).findLastIndex(({ name }) => name === word.toLowerCase());
  if (named >= 0) return named;
  return /^\d+$/.test(word) && Number(word) < before ? Number(word) : undefined;
}

function basesOf(stages: Stage[], target: number): string[] {
  const bases = new Set<string>();
  const seen = new Set<number>();
  const use = (reference: string, before: number): number | undefined => {
    const stage = indexOf(stages, reference, before);
    if (stage !== undefined) visit(stage);
    else if (reference !== "scratch" && !reference.includes("$")) bases.add(reference);
    return stage;
  };
  const visit = (index: number): void => {
    const stage = stages[index];
    if (!stage || seen.has(index)) return;
    seen.add(index);
    const parent = stage.image === undefined ? undefined : use(stage.image, index);
    // What the parent stage has for later runs now.
    const inherited = parent === undefined ? [] : (stages[parent]?.instructions ?? []).filter(isOnBuild).map(innermost);
    for (const instruction of [...inherited, ...stage.instructions.filter((one) => !isOnBuild(one))]) {
      for (const reference of sourcesOf(instruction)) use(reference, index);
    }
  };
  visit(target);
  return [...bases].toSorted();
}

function isOnBuild({ name }: Instruction): boolean {
  return name === "ONBUILD";
}

/** Stages and images that an instruction takes files from. */
function sourcesOf({ name, flags }: Instruction): string[] {
  if (name === "COPY" || name === "ADD") return flags["from"] ?? [];
  if (name !== "RUN") return [];
  return (flags["mount"] ?? []).flatMap((mount) => {
    const from = mount.split(",").find((member) => member.startsWith("from="));
    return from === undefined ? [] : [from.slice("from=".length)];
  });
}

/** Of the stages from the target down to the first image; undefined when that image decides or a variable does. */
function userOf(stages: Stage[], index: number): string | undefined {
  const stage = stages[index];
  const user = stage?.instructions.findLast(({ name }) => name === "USER")?.rest.trim();
  if (user !== undefined) return /[$"'\\`]/.test(user) ? undefined : user;
  const parent = stage?.image === undefined ? undefined : indexOf(stages, stage.image, index);
  return parent === undefined ? undefined : userOf(stages, parent);
}
