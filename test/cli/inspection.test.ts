import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { DOCUMENTS } from "../../src/report/documents/schemas.ts";
import { createCli, IMAGE } from "../support/cli.ts";
import type { Cli } from "../support/cli.ts";
import { expectDocument } from "../support/json-schema.ts";

let cli: Cli;
beforeEach(() => {
  cli = createCli();
  cli.manifest(`projects: { web: { image: "${IMAGE}", env: { NPM_TOKEN: hunter2, MODE: dev } } }`);
});
afterEach(() => cli[Symbol.dispose]());

describe("devc validate", () => {
  it("says that the manifest is valid, and what to know about it", async () => {
    const { status, stdout } = await cli.devc(["validate"]);
    expect(status).toBe(0);
    expect(stdout).toContain("devc.yaml is valid: 1 project (web).");
    expect(stdout).toContain("Note: web: ");
  });

  it("prints a document with --json", async () => {
    expectDocument(DOCUMENTS.validate, JSON.parse((await cli.devc(["validate", "--json"])).stdout));
  });

  it("shows every error with its place and ends with 64", async () => {
    cli.manifest(`projects: { web: { imag: x }, api: { image: 5 } }`);
    const { status, stdout, stderr } = await cli.devc(["validate"]);
    expect([status, stdout]).toEqual([64, ""]);
    expect(stderr.match(/devc\.yaml:3:\d+/g)?.length).toBeGreaterThan(1);
  });
});

describe("devc config", () => {
  it("prints everything compiled and hides secret values", async () => {
    const { status, stdout } = await cli.devc(["config"]);
    expect(status).toBe(0);
    expect(stdout).toContain("sandbox/web:");
    expect(stdout).toContain("MODE: dev");
    expect(stdout).toContain("NPM_TOKEN: (hidden)");
    expect(stdout).not.toContain("hunter2");
  });

  it("prints a document with --json, with the same values hidden", async () => {
    const { stdout } = await cli.devc(["config", "--json"]);
    expectDocument(DOCUMENTS.config, JSON.parse(stdout));
    expect(stdout).not.toContain("hunter2");
  });
});

describe("devc schema", () => {
  it.each(["manifest", ...Object.keys(DOCUMENTS)])("prints the JSON Schema called %s", async (name) => {
    const { status, stdout } = await cli.devc(["schema", name]);
    expect(status).toBe(0);
    expect(() =>
      new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(stdout) as object),
    ).not.toThrow();
  });

  it("prints that of the manifest when nothing is named", async () => {
    expect(await cli.devc(["schema"])).toEqual(await cli.devc(["schema", "manifest"]));
  });

  it("refuses another name", async () => {
    const { status, stderr } = await cli.devc(["schema", "plans"]);
    expect(status).toBe(64);
    expect(stderr).toContain("there is no schema 'plans'; did you mean 'plan'?");
  });
});

it.each([["validate"], ["config"], ["schema"]])("devc %s needs no engine, unlike devc plan", async (command) => {
  await cli.devc([command]);
  expect(cli.connections()).toBe(0);
  await cli.devc(["plan"]);
  expect(cli.connections()).toBe(1);
});
