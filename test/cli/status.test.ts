import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { DOCUMENTS } from "../../src/report/documents/schemas.ts";
import type { StatusDocument } from "../../src/report/documents/status.ts";
import { createCli, IMAGE } from "../support/cli.ts";
import type { Cli } from "../support/cli.ts";
import { expectDocument } from "../support/json-schema.ts";

let cli: Cli;
beforeEach(async () => {
  cli = createCli();
  cli.manifest(`
defaults: { image: "${IMAGE}", profile: strict }
projects: { api: {}, docs: { state: stopped }, web: {} }
`);
  await cli.devc(["apply"]);
});
afterEach(() => cli[Symbol.dispose]());

const idOf = (name: string): string => cli.engine.snapshot().containers.find((one) => one.name === name)?.id ?? "";

async function status(): Promise<StatusDocument> {
  const { stdout } = await cli.devc(["status", "--json"]);
  const document: unknown = JSON.parse(stdout);
  expectDocument(DOCUMENTS.status, document);
  return document as StatusDocument;
}

describe("devc status", () => {
  it("shows state, profile and image of every sandbox", async () => {
    const { stdout, status: code } = await cli.devc(["status"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}PROJECT +STATE +PROFILE +IMAGE +AGE +NOTE$/m);
    expect(stdout).toMatch(/^ {2}api +running +strict +debian:12 +\d/m);
    expect(stdout).toMatch(/^ {2}docs +stopped +strict/m);
  });

  it("names drift and the command that heals it", async () => {
    cli.engine.hands.stop(idOf("devc-acme-web"));
    expect((await cli.devc(["status"])).stdout).toMatch(/^ {2}web +stopped .* drift: start pending; devc up web$/m);
    const { sandboxes } = await status();
    expect(sandboxes.map(({ project, drift, pending }) => [project, drift, pending])).toEqual([
      ["api", false, "none"],
      ["docs", false, "none"],
      ["web", true, "start"],
    ]);
  });

  it("shows what is missing and what is no longer declared", async () => {
    cli.engine.hands.removeContainer(idOf("devc-acme-api"));
    cli.manifest(`projects: { api: { image: "${IMAGE}", profile: strict } }`);
    const { sandboxes } = await status();
    expect(sandboxes.map(({ project, state, wanted, pending }) => [project, state, wanted, pending])).toEqual([
      ["api", "absent", "running", "create"],
      ["docs", "stopped", "absent", "delete"],
      ["web", "running", "absent", "delete"],
    ]);
  });

  it("changes nothing", async () => {
    cli.engine.setReadOnly(true);
    expect((await cli.devc(["status", "-p", "web"])).status).toBe(0);
  });
});
