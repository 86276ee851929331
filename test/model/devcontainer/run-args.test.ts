import { expect, test } from "vitest";

import { parseRunArgs } from "../../../src/model/devcontainer/run-args.ts";
import { RUN_FLAGS } from "../../../src/model/devcontainer/run-args-table.ts";

/** Flags and values as they were read. */
function read(...args: string[]): string[] {
  const { options, problems } = parseRunArgs(args);
  expect(problems).toEqual([]);
  return options.map(({ flag, value, index }) => `${flag} ${value} @${index}`);
}

test.each<[string[], string[]]>([
  [["--memory", "2g"], ["--memory 2g @1"]],
  [["--memory=2g"], ["--memory 2g @0"]],
  [["-m", "2g"], ["-m 2g @1"]],
  [["-m2g"], ["-m 2g @0"]],
  [["-m=2g"], ["-m 2g @0"]],
  [
    ["-e", "A=b=c", "--env=D=e"],
    ["-e A=b=c @1", "--env D=e @2"],
  ],
  [
    ["--init", "--privileged=false"],
    ["--init true @0", "--privileged false @1"],
  ],
  [["-it"], ["-i true @0", "-t true @0"]],
  [
    ["-itu", "dev"],
    ["-i true @0", "-t true @0", "-u dev @1"],
  ],
  [["-tudev"], ["-t true @0", "-u dev @0"]],
  [
    ["--cap-add", "A", "--cap-add", "B"],
    ["--cap-add A @1", "--cap-add B @3"],
  ],
  [["--name", "--init"], ["--name --init @1"]],
  [["--hostname="], ["--hostname  @0"]],
])("%j", (args, expected) => {
  expect(read(...args)).toEqual(expected);
});

test.each<[string[], object]>([
  [
    ["--memroy=2g"],
    { index: 0, code: "unknown-flag", message: "docker run has no flag '--memroy'", suggestion: "--memory" },
  ],
  [["-itX"], { index: 0, code: "unknown-flag", message: "docker run has no flag '-X', in '-itX'" }],
  [
    ["--init", "debian"],
    { index: 1, code: "invalid-run-arg", message: "'debian' is not a flag of docker run, nor the value of one" },
  ],
  [["--"], { index: 0, code: "unknown-flag", message: "docker run takes no flags after '--'" }],
  [["--memory"], { index: 0, code: "missing-value", message: "--memory of docker run needs a value" }],
  [["-u"], { index: 0, code: "missing-value", message: "-u of docker run needs a value" }],
])("%j is no call of docker run", (args, problem) => {
  expect(parseRunArgs(args).problems).toEqual([problem]);
});

test("what follows a mistake is read all the same", () => {
  expect(parseRunArgs(["--nope", "--init"]).options).toMatchObject([{ flag: "--init" }]);
});

test("no two flags have one letter, and every reason is a text without a full stop", () => {
  const letters = Object.values(RUN_FLAGS).flatMap(({ short }) => (short ? [short] : []));
  expect(new Set(letters).size).toBe(letters.length);
  const reasons = Object.values(RUN_FLAGS).flatMap(({ rule }) =>
    Object.values(rule).filter((each) => typeof each === "string"),
  );
  expect(reasons.filter((reason) => reason === "" || reason.endsWith("."))).toEqual([]);
});
