import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { DOCUMENTS } from "../../src/report/documents/schemas.ts";
import { createCli, IMAGE } from "../support/cli.ts";
import type { Cli } from "../support/cli.ts";
import { expectDocument } from "../support/json-schema.ts";

const TWO = `
defaults: { image: "${IMAGE}", profile: strict }
projects:
  api: {}
  web: { env: { NPM_TOKEN: hunter2 } }
`;

let cli: Cli;
beforeEach(() => {
  cli = createCli();
  cli.manifest(TWO);
});
afterEach(() => cli[Symbol.dispose]());

describe("devc plan", () => {
  it("shows what apply would do and changes nothing", async () => {
    cli.engine.setReadOnly(true);
    const { status, stdout, stderr } = await cli.devc(["plan"]);
    expect(stderr).toBe("");
    expect(stdout).toContain("Plan: 2 to create.");
    expect(stdout).toContain("Next: devc apply");
    expect(status).toBe(0);
  });

  it("repeats the flags that were given in the next command, quoted for a shell", async () => {
    cli.write("other file.yaml", cli.read("devc.yaml"));
    const { stdout } = await cli.devc(["plan", "-f", "other file.yaml", "-p", "web", "--refresh"]);
    expect(stdout).toContain("Next: devc apply -f 'other file.yaml' -p web --refresh");
  });

  it("finds nothing after an apply, with three lists and one image inspect", async () => {
    await cli.devc(["apply"]);
    cli.engine.clearCalls();
    const { stdout, status } = await cli.devc(["plan", "--detailed-exitcode"]);
    expect(stdout).toContain("No changes. 2 sandboxes match devc.yaml.");
    expect(status).toBe(0);
    const { facts: _cached, ...counts } = cli.engine.callCounts();
    expect(counts).toEqual({ listContainers: 1, listNetworks: 1, listVolumes: 1, inspectImage: 1 });
  });

  it("ends with 2 when changes are pending and that was asked for", async () => {
    expect((await cli.devc(["plan", "--detailed-exitcode"])).status).toBe(2);
    expect((await cli.devc(["plan"])).status).toBe(0);
  });

  it("needs no engine offline, and says so", async () => {
    const { stdout, status } = await cli.devc(["plan", "--offline"]);
    expect(status).toBe(0);
    expect(stdout).toContain("offline: compared with an empty engine");
    expect(stdout).not.toContain("Next:");
    expect(cli.connections()).toBe(0);
  });

  it("prints one document with --json and hides secret values in it", async () => {
    const { stdout, stderr } = await cli.devc(["plan", "--json"]);
    expect(stderr).toBe("");
    const document: unknown = JSON.parse(stdout);
    expectDocument(DOCUMENTS.plan, document);
    expect(document).toMatchObject({ format: "devc.plan/1", workspace: "acme", engine: { name: "Memory" } });
    expect(stdout).not.toContain("hunter2");
  });

  it("plans only the named projects", async () => {
    const { stdout } = await cli.devc(["plan", "-p", "web"]);
    expect(stdout).toContain("Plan: 1 to create.");
  });

  it("refuses a project that is not there and names the nearest", async () => {
    const { stdout, stderr, status } = await cli.devc(["plan", "-p", "webb"]);
    expect([stdout, status]).toEqual(["", 64]);
    expect(stderr).toContain("there is no project 'webb'; did you mean 'web'?");
  });

  it("accepts a project that is no longer declared but still there", async () => {
    await cli.devc(["apply"]);
    cli.manifest(`projects: { api: { image: "${IMAGE}", profile: strict } }`);
    expect((await cli.devc(["plan", "-p", "web"])).stdout).toContain("Plan: 1 to delete.");
  });

  it("asks the engine nothing when the manifest is wrong, and shows where", async () => {
    cli.manifest(`projects: { web: { imag: "${IMAGE}" } }`);
    const { stdout, stderr, status } = await cli.devc(["plan"]);
    expect([stdout, status, cli.connections()]).toEqual(["", 64, 0]);
    expect(stderr).toMatch(/devc\.yaml:3:\d+/);
    expect(stderr).toContain("did you mean 'image'?");
  });

  it("prints an error as a document on standard output with --json", async () => {
    const { stdout, stderr, status } = await cli.devc(["plan", "--json", "-f", "missing.yaml"]);
    const document: unknown = JSON.parse(stdout);
    expectDocument(DOCUMENTS.error, document);
    expect(document).toMatchObject({ error: { code: "manifest-not-found", exitCode: 64 } });
    expect(stderr).toContain("[manifest-not-found]");
    expect(status).toBe(64);
  });
});
