import { afterEach, beforeEach, describe, expect, it } from "vitest";

import packageManifest from "../../package.json" with { type: "json" };
import { EXIT } from "../../src/model/errors.ts";
import { createCli, IMAGE } from "../support/cli.ts";
import type { Cli } from "../support/cli.ts";

const COMMANDS = ["plan", "apply", "up", "status", "exec", "attach", "logs", "destroy", "validate", "config", "schema"];

let cli: Cli;
beforeEach(() => {
  cli = createCli();
});
afterEach(() => cli[Symbol.dispose]());

describe("devc", () => {
  it.each(["--version", "-V"])("%s prints the version", async (flag) => {
    expect(await cli.devc([flag])).toEqual({ status: 0, stdout: `${packageManifest.version}\n`, stderr: "" });
  });

  it.each([["--help"], ["-h"], ["help"]])("%s prints all commands and exit codes on standard output", async (word) => {
    const { status, stdout } = await cli.devc([word]);
    expect(status).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
    for (const code of Object.values(EXIT)) expect(stdout).toMatch(new RegExp(`^ +${code}  `, "m"));
  });

  it("alone prints the help as an error", async () => {
    const { status, stdout, stderr } = await cli.devc([]);
    expect([status, stdout]).toEqual([64, ""]);
    expect(stderr).toContain("Usage: devc COMMAND");
  });

  it.each(COMMANDS)("%s --help prints usage, options and examples, and asks no engine", async (command) => {
    const direct = await cli.devc([command, "--help"]);
    expect(direct.status).toBe(0);
    expect(direct.stdout).toMatch(new RegExp(`^Usage: devc ${command}`));
    expect(direct.stdout).toContain("Examples:");
    expect(direct.stdout.split("\n").every(({ length }) => length <= 120)).toBe(true);
    expect(await cli.devc(["help", command])).toEqual(direct);
    expect(cli.connections()).toBe(0);
  });

  it.each([
    [["pla"], "unknown command 'pla'; did you mean 'plan'?"],
    [["help", "aply"], "unknown command 'aply'; did you mean 'apply'?"],
    [["toString"], "unknown command 'toString'"],
    [["plan", "--jsno"], "unknown option '--jsno'; did you mean '--json'?"],
    [["plan", "web"], "unexpected argument 'web'"],
    [["--quite"], "unknown option '--quite'; did you mean '--quiet'?"],
    [["-q"], "which command?"],
  ])("%j is refused with 64 and says what was meant", async (words, message) => {
    const { status, stdout, stderr } = await cli.devc(words);
    expect([status, stdout]).toEqual([64, ""]);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/hint: devc .*--help/);
  });

  it("works in another folder with -C, before or after the command", async () => {
    cli.manifest(`projects: { web: { image: "${IMAGE}", profile: strict } }`);
    for (const words of [
      ["-C", cli.root, "validate"],
      ["validate", "-C", cli.root],
    ]) {
      expect((await cli.devc(words, { cwd: "/" })).status).toBe(0);
    }
    expect((await cli.devc(["validate"], { cwd: "/" })).status).toBe(64);
  });

  it("colours terminals only", async () => {
    cli.manifest(`projects: { web: { image: "${IMAGE}", profile: strict } }`);
    expect((await cli.devc(["plan"], { typed: [] })).stdout).toContain("\u001b[");
    expect((await cli.devc(["plan", "--no-color"], { typed: [] })).stdout).not.toContain("\u001b[");
    expect((await cli.devc(["plan"])).stdout).not.toContain("\u001b[");
  });
});
