import { describe, expect, it } from "vitest";

import { commandWord, parseInput } from "../../src/cli/options.ts";
import type { OptionTable } from "../../src/cli/options.ts";
import { DevcError } from "../../src/model/errors.ts";

const TABLE = {
  file: { type: "string", short: "f" },
  project: { type: "string", short: "p", multiple: true },
  parallel: { type: "integer" },
  yes: { type: "boolean", short: "y" },
  help: { type: "boolean", short: "h" },
} as const satisfies OptionTable;

const NONE = { usage: "", min: 0, max: 0 };
const RAW = { usage: "PROJECT COMMAND…", min: 1, max: Number.POSITIVE_INFINITY, rawFrom: 2 };

const parse = (words: string[], operands: typeof NONE | typeof RAW = NONE) => parseInput(words, TABLE, operands, "x");

function refusal(words: string[], operands: typeof NONE | typeof RAW = NONE): string {
  try {
    parse(words, operands);
  } catch (error) {
    if (error instanceof DevcError && error.code === "usage") return error.message;
    throw error;
  }
  return "accepted";
}

describe("options", () => {
  it.each<[string, string[], object]>([
    ["have defaults", [], { project: [], yes: false, help: false }],
    ["take values after a space, after '=', and after the letter", ["--file", "a"], { file: "a" }],
    ["take values after an equals sign", ["--file=a"], { file: "a" }],
    ["take values right after their letter", ["-fa"], { file: "a" }],
    ["may be repeated where the table says so", ["-p", "a", "--project=b"], { project: ["a", "b"] }],
    ["convert whole numbers", ["--parallel", "4"], { parallel: 4 }],
    ["take an empty value", ["--file="], { file: "" }],
    ["take '-' as a value", ["-f", "-"], { file: "-" }],
    ["may be joined", ["-yf", "a"], { yes: true, file: "a" }],
  ])("%s", (_title, words, expected) => {
    expect(parse(words).options).toMatchObject(expected);
  });

  it.each<[string, string[], string]>([
    ["unknown, with the nearest", ["--fle", "a"], "unknown option '--fle'; did you mean '--file'?"],
    ["unknown and near to nothing", ["--zzzzzzz"], "unknown option '--zzzzzzz'"],
    ["an unknown letter", ["-z"], "unknown option '-z'"],
    ["a name of every object", ["--constructor"], "unknown option '--constructor'"],
    ["without its value at the end", ["--file"], "option '--file' needs a value"],
    ["without its value before another option", ["--file", "--yes"], "option '--file' needs a value"],
    ["with a value it does not take", ["--yes=no"], "option '--yes' takes no value"],
    ["not a whole number", ["--parallel", "1.5"], "option '--parallel' needs a whole number, not '1.5'"],
    ["an unexpected operand", ["a"], "unexpected argument 'a'"],
  ])("are refused: %s", (_title, words, message) => {
    expect(refusal(words)).toBe(message);
  });
});

describe("operands", () => {
  it("end the options where the rest is somebody else's command line", () => {
    expect(parse(["-y", "web", "ls", "-la", "--file", "x"], RAW)).toMatchObject({
      options: { yes: true },
      operands: ["web", "ls", "-la", "--file", "x"],
      rest: undefined,
    });
  });

  it("may be followed by options until then", () => {
    expect(parse(["web", "-y", "ls"], RAW)).toMatchObject({ options: { yes: true }, operands: ["web", "ls"] });
  });

  it("keep what stands behind '--' apart", () => {
    expect(parse(["web", "--", "ls", "-y"], RAW)).toMatchObject({
      options: { yes: false },
      operands: ["web"],
      rest: ["ls", "-y"],
    });
  });

  it("leave a '--' inside the other command line alone", () => {
    expect(parse(["web", "git", "log", "--", "a"], RAW).operands).toEqual(["web", "git", "log", "--", "a"]);
  });

  it("are refused when there are too few, unless help is wanted", () => {
    expect(refusal([], RAW)).toBe("'devc x' needs PROJECT COMMAND…");
    expect(parse(["--help"], RAW).options.help).toBe(true);
  });
});

describe("the command's name", () => {
  it("may follow common options", () => {
    expect(commandWord(["-f", "plan", "apply", "-y"], TABLE)).toEqual({ word: "apply", others: ["-f", "plan", "-y"] });
  });

  it("is not what stands behind '--'", () => {
    expect(commandWord(["--", "plan"], TABLE)).toBeUndefined();
  });
});
