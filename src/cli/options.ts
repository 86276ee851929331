import { parseArgs } from "node:util";

import { DevcError } from "../model/errors.ts";
import { nearest } from "../model/nearest.ts";

/** One option of a command. A `boolean` named `no-x` is its own option; nothing is negated implicitly. */
export type OptionSpec = {
  type: "boolean" | "string" | "integer";
  /** One letter. */
  short?: string;
  /** May be given several times; the values are collected in order. */
  multiple?: true;
};

/** Options of a command by their long name, without dashes. */
export type OptionTable = Record<string, OptionSpec>;

type ValueOf<Spec extends OptionSpec> = Spec["type"] extends "boolean"
  ? boolean
  : Spec["type"] extends "integer"
    ? number
    : string;

/** Values of a table's options: what was given; `multiple` options are always a list and booleans always a boolean. */
export type OptionValues<Table extends OptionTable> = {
  [Name in keyof Table]: Table[Name]["multiple"] extends true
    ? ValueOf<Table[Name]>[]
    : Table[Name]["type"] extends "boolean"
      ? boolean
      : ValueOf<Table[Name]> | undefined;
};

/** What a command takes besides options. */
export type OperandSpec = {
  /** As in the usage line: `[PROJECT] [--] COMMAND…`. */
  usage: string;
  min: number;
  max: number;
  /** From this operand on (1 is the first) everything belongs to the operands, also what looks like an option. */
  rawFrom?: number;
};

/** A parsed command line. */
export type Input<Table extends OptionTable> = {
  options: OptionValues<Table>;
  /** Operands before `--`. */
  operands: string[];
  /** Words after `--`; undefined when there was none. */
  rest: string[] | undefined;
};

/**
 * Reads the words after the command's name by its table.
 * @throws DevcError `usage`: unknown option (with the nearest one), missing or superfluous value, not a whole number,
 * too few or too many operands.
 */
export function parseInput<Table extends OptionTable>(
  words: string[],
  table: Table,
  operandSpec: OperandSpec,
  command: string,
): Input<Table> {
  const { tokens } = lex(words, table, operandSpec);
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(table)) {
    if (spec.multiple) values[name] = [];
    else if (spec.type === "boolean") values[name] = false;
  }
  const operands: string[] = [];
  let rest: string[] | undefined;
  for (const token of tokens) {
    if (token.kind === "option-terminator") rest ??= [];
    else if (token.kind === "positional") (rest ?? operands).push(token.value);
    else assign(values, table, token, command);
  }
  if (values["help"] === true) return { options: values as OptionValues<Table>, operands, rest };
  const count = operands.length + (rest?.length ?? 0);
  if (count < operandSpec.min) throw usage(`'devc ${command}' needs ${operandSpec.usage}`, command);
  if (count > operandSpec.max) {
    throw usage(`unexpected argument '${[...operands, ...(rest ?? [])][operandSpec.max]}'`, command);
  }
  return { options: values as OptionValues<Table>, operands, rest };
}

/**
 * The command's name in a command line whose common options may stand before it, and all other words.
 * Undefined when there is none.
 */
export function commandWord(words: string[], table: OptionTable): { word: string; others: string[] } | undefined {
  const { tokens } = lex(words, table, { usage: "", min: 0, max: 0 });
  const end = tokens.find(({ kind }) => kind === "option-terminator")?.index ?? words.length;
  const first = tokens.find((token) => token.kind === "positional" && token.index < end);
  if (first?.kind !== "positional") return undefined;
  return { word: first.value, others: words.toSpliced(first.index, 1) };
}

/** An error about the command line that points to the command's help. */
export function usage(message: string, command?: string): DevcError {
  return new DevcError("usage", message, { hint: command ? `devc ${command} --help` : "devc --help" });
}

type Token = ReturnType<typeof lex>["tokens"][number];
type OptionToken = Extract<Token, { kind: "option" }>;

function lex(words: string[], table: OptionTable, operandSpec: OperandSpec) {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, spec]) => [
      name,
      {
        type: spec.type === "boolean" ? ("boolean" as const) : ("string" as const),
        ...(spec.short ? { short: spec.short } : {}),
      },
    ]),
  );
  const read = (args: string[]) => parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const { tokens } = read(words);
  if (operandSpec.rawFrom === undefined) return { tokens };
  const end = tokens.find((token) => token.kind === "option-terminator")?.index ?? words.length;
  const raw = tokens.filter((token) => token.kind === "positional" && token.index < end)[operandSpec.rawFrom - 1];
  if (!raw) return { tokens };
  const kept = read(words.slice(0, raw.index)).tokens;
  const operands = words
    .slice(raw.index)
    .map((value, at) => ({ kind: "positional" as const, index: raw.index + at, value }));
  return { tokens: [...kept, ...operands] };
}

function assign(values: Record<string, unknown>, table: OptionTable, token: OptionToken, command: string): void {
  const spec = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
  if (!spec) throw unknownOption(token.rawName, table, command);
  const value = convert(spec, token, command);
  if (spec.multiple) (values[token.name] as unknown[]).push(value);
  else values[token.name] = value;
}

function convert(spec: OptionSpec, token: OptionToken, command: string): boolean | string | number {
  if (spec.type === "boolean") {
    if (token.value !== undefined) throw usage(`option '${token.rawName}' takes no value`, command);
    return true;
  }
  const { value } = token;
  if (value === undefined || (!token.inlineValue && value.length > 1 && value.startsWith("-"))) {
    throw usage(`option '${token.rawName}' needs a value`, command);
  }
  if (spec.type === "string") return value;
  if (!/^\d{1,9}$/.test(value)) throw usage(`option '${token.rawName}' needs a whole number, not '${value}'`, command);
  return Number(value);
}

function unknownOption(rawName: string, table: OptionTable, command: string): DevcError {
  const known = Object.entries(table).flatMap(([name, { short }]) => [`--${name}`, ...(short ? [`-${short}`] : [])]);
  const near = rawName.startsWith("--") ? nearest(rawName, known) : undefined;
  return usage(`unknown option '${rawName}'${near ? `; did you mean '${near}'?` : ""}`, command);
}
