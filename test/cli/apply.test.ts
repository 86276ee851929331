import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { DOCUMENTS } from "../../src/report/documents/schemas.ts";
import { createCli, IMAGE } from "../support/cli.ts";
import type { Cli } from "../support/cli.ts";
import { expectDocument } from "../support/json-schema.ts";

const project = (name: string, more = ""): string => `  ${name}: { image: "${IMAGE}", profile: strict${more} }\n`;
const projects = (...lines: string[]): string => `projects:\n${lines.join("")}`;

let cli: Cli;
beforeEach(() => {
  cli = createCli();
  cli.manifest(projects(project("api"), project("web", ", volumes: { cache: /cache }")));
});
afterEach(() => cli[Symbol.dispose]());

const sandboxes = (): string[] =>
  cli.engine
    .snapshot()
    .containers.map(({ name }) => name)
    .toSorted();

describe("devc apply", () => {
  it("creates what is declared, says so, and asks nothing", async () => {
    const { status, stdout, stderr } = await cli.devc(["apply"]);
    expect(status).toBe(0);
    expect(stdout).toContain("Plan: 2 to create; 1 volume to create.");
    expect(stdout).toContain("Applied: 2 created.");
    expect(stderr).toContain("sandbox/web: start\n");
    expect(sandboxes()).toEqual(["devc-acme-api", "devc-acme-web"]);
  });

  it("changes nothing the second time", async () => {
    await cli.devc(["apply"]);
    cli.engine.setReadOnly(true);
    const { status, stdout } = await cli.devc(["apply"]);
    expect([status, stdout.split("\n").filter((line) => line.startsWith("Applied"))]).toEqual([0, []]);
    expect(stdout).toContain("No changes.");
  });

  it("plans once more when the engine's state moved under the plan, and is content when that succeeds", async () => {
    // A request of a killed devc that the engine finishes late: the name is taken, and the next look sees by what.
    let met = 0;
    cli.engine.setFaults(({ method }) => {
      if (method !== "createContainer") return undefined;
      met += 1;
      return met === 1 ? { when: "after", code: "engine-conflict" } : undefined;
    });
    const { status, stdout, stderr } = await cli.devc(["apply"]);
    expect(stdout).toContain("[engine-conflict]");
    expect(stderr).toContain("planning once more");
    expect(status).toBe(0);
    expect(sandboxes()).toEqual(["devc-acme-api", "devc-acme-web"]);
  });

  it("plans no third time when a conflict stays", async () => {
    let met = 0;
    cli.engine.setFaults(({ method }) => {
      if (method !== "createContainer") return undefined;
      met += 1;
      return { when: "before", code: "engine-conflict" };
    });
    expect((await cli.devc(["apply", "-p", "api"])).status).toBe(1);
    expect(met).toBe(2);
  });

  it("streams events with --json, each line by its schema", async () => {
    const { status, stdout } = await cli.devc(["apply", "--json"]);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string });
    expect(status).toBe(0);
    expect(lines[0]).toEqual({ type: "version", format: "devc.events/1", devc: expect.any(String) });
    expect(lines.at(-1)?.type).toBe("summary");
    for (const line of lines) expectDocument(DOCUMENTS.events, line);
  });

  it("ends the stream with the error when it is refused or the manifest is wrong", async () => {
    await cli.devc(["apply"]);
    for (const body of ["projects: {}", "projects: 5"]) {
      cli.manifest(body);
      const { status, stdout } = await cli.devc(["apply", "--json"]);
      const lines = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { type: string });
      for (const line of lines) expectDocument(DOCUMENTS.events, line);
      const last = lines.at(-1);
      expect([lines[0]?.type, last?.type]).toEqual(["version", "error"]);
      expect(last).toMatchObject({ error: { exitCode: status } });
    }
  });

  it("shows one row per project on a terminal", async () => {
    const { stderr } = await cli.devc(["apply"], { typed: [], env: { NO_COLOR: "1" } });
    expect(stderr).toMatch(/✓ api +/);
    expect(stderr).toMatch(/✓ web +/);
  });

  it("prints nothing but the outcome when it is quiet", async () => {
    const { stdout, stderr } = await cli.devc(["apply", "-q"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^Applied: 2 created\..*\n$/);
  });

  it("goes on with other projects when one fails, tells why, and ends with 3", async () => {
    cli.manifest(projects(project("api"), `  bad: { image: "missing:1", profile: strict }\n`));
    const { status, stdout } = await cli.devc(["apply"]);
    expect(status).toBe(3);
    expect(stdout).toContain("✗ image/bad:");
    expect(stdout).toContain("Applied in part: 1 created, 1 failed, 1 skipped.");
    expect(sandboxes()).toEqual(["devc-acme-api"]);
  });

  it("ends with 1 when nothing could be done", async () => {
    cli.manifest(projects(`  bad: { image: "missing:1", profile: strict }\n`));
    expect((await cli.devc(["apply"])).status).toBe(1);
  });
});

describe("deletions", () => {
  beforeEach(async () => {
    await cli.devc(["apply"]);
    cli.manifest(projects(project("api")));
  });

  it("are refused where nobody can be asked, with the flag that allows them", async () => {
    const { status, stderr } = await cli.devc(["apply"]);
    expect(status).toBe(6);
    expect(stderr).toContain("1 sandbox (web) will be deleted, and nobody can be asked");
    expect(stderr).toContain("run again with --yes");
    expect(sandboxes()).toHaveLength(2);
  });

  it("are made after a yes on the terminal; the volume stays and is told", async () => {
    const { status, stdout, stderr } = await cli.devc(["apply"], { typed: ["y"] });
    expect([status, sandboxes()]).toEqual([0, ["devc-acme-api"]]);
    expect(stderr).toContain("1 sandbox (web) will be deleted. Go on? [y/N]");
    expect(stdout).toContain("Kept: volume/web/cache");
    expect(cli.engine.snapshot().volumes).toHaveLength(1);
  });

  it.each([["n"], [""], ["maybe"]])("are not made after the answer '%s'", async (answer) => {
    const { status } = await cli.devc(["apply"], { typed: [answer] });
    expect([status, sandboxes().length]).toEqual([6, 2]);
  });

  it("are not made when the input ends", async () => {
    expect((await cli.devc(["apply"], { typed: [] })).status).toBe(6);
  });

  it("are made without a question with --yes", async () => {
    const { status, stderr } = await cli.devc(["apply", "--yes"], { typed: [] });
    expect([status, sandboxes()]).toEqual([0, ["devc-acme-api"]]);
    expect(stderr).not.toContain("[y/N]");
  });

  it("take volumes only when that was asked for", async () => {
    const { status, stdout } = await cli.devc(["apply", "--yes", "--prune-volumes"]);
    expect(status).toBe(0);
    expect(stdout).toContain("1 volume to delete");
    expect(cli.engine.snapshot().volumes).toEqual([]);
  });
});

describe("loosening", () => {
  const loose = projects(project("api", ", capabilities: { add: [SYS_PTRACE] }"), project("web"));
  beforeEach(async () => {
    cli.manifest(projects(project("api"), project("web")));
    await cli.devc(["apply"]);
    cli.manifest(loose);
  });

  it("is refused where nobody can be asked, even with --yes", async () => {
    const { status, stderr } = await cli.devc(["apply", "--yes"]);
    expect(status).toBe(6);
    expect(stderr).toContain("1 sandbox will be allowed more than before (api)");
    expect(stderr).toContain("--approve-loosening");
  });

  it("passes with --approve-loosening", async () => {
    expect((await cli.devc(["apply", "--approve-loosening"])).stdout).toContain("1 replaced");
  });

  it("passes after a yes on the terminal", async () => {
    expect((await cli.devc(["apply"], { typed: ["yes"] })).status).toBe(0);
  });
});

describe("guards", () => {
  it("refuse the whole plan before anything is done", async () => {
    await cli.devc(["apply"]);
    cli.manifest(projects(project("api", `, protect: true, env: { A: "1" }`), project("new"), project("web")));
    const { status, stderr } = await cli.devc(["apply", "--yes"]);
    expect(status).toBe(6);
    expect(stderr).toContain("sandbox/api is protected and would be replaced");
    expect(sandboxes()).toEqual(["devc-acme-api", "devc-acme-web"]);
  });

  it("refuse to delete many sandboxes unless their number is named", async () => {
    const names = ["a", "b", "c", "d"];
    cli.manifest(projects(...names.map((name) => project(name))));
    await cli.devc(["apply", "--yes", "--allow-delete", "2"]);
    cli.manifest("projects: {}");
    const refused = await cli.devc(["apply", "--yes"]);
    expect([refused.status, sandboxes().length]).toEqual([6, 4]);
    expect(refused.stderr).toContain("--allow-delete 4");
    expect((await cli.devc(["apply", "--yes", "--allow-delete", "4"])).status).toBe(0);
    expect(sandboxes()).toEqual([]);
  });
});

describe("interrupts", () => {
  it("finish what has begun, begin nothing new and end with 130", async () => {
    let deliver: (signal: string) => void = () => {};
    cli.engine.setGate(async ({ method }) => {
      if (method === "createContainer") deliver("SIGINT");
    });
    const { status, stderr, stdout } = await cli.devc(["apply", "--parallel", "1"], {
      signals: (given) => (deliver = given),
    });
    expect(status).toBe(130);
    expect(stderr).toContain("Interrupt again to give up at once");
    expect(stdout).toContain("Interrupted:");
    cli.engine.setGate(undefined);
    expect((await cli.devc(["apply", "--yes"])).status).toBe(0);
    expect(sandboxes()).toEqual(["devc-acme-api", "devc-acme-web"]);
  });
});

describe("devc up", () => {
  it("applies the named projects only", async () => {
    const { status } = await cli.devc(["up", "web"]);
    expect([status, sandboxes()]).toEqual([0, ["devc-acme-web"]]);
  });
});

describe("devc destroy", () => {
  beforeEach(() => cli.devc(["apply"]));

  it("asks even where only --yes can answer", async () => {
    const { status, stderr } = await cli.devc(["destroy"]);
    expect([status, sandboxes().length]).toEqual([6, 2]);
    expect(stderr).toContain("2 sandboxes (api, web) will be removed; 1 volume will stay");
  });

  it("removes sandboxes and keeps volumes", async () => {
    const { status, stdout } = await cli.devc(["destroy", "--yes"]);
    expect([status, sandboxes(), cli.engine.snapshot().volumes.length]).toEqual([0, [], 1]);
    expect(stdout).toContain("Destroyed: 2 deleted.");
    expect(stdout).not.toContain("no longer declared");
  });

  it("removes volumes when that was asked for", async () => {
    await cli.devc(["destroy", "--yes", "--prune-volumes"]);
    expect(cli.engine.snapshot()).toMatchObject({ containers: [], volumes: [] });
  });

  it("removes one project when that was asked for", async () => {
    await cli.devc(["destroy", "--yes", "-p", "api"]);
    expect(sandboxes()).toEqual(["devc-acme-web"]);
  });

  it("refuses protected projects", async () => {
    cli.manifest(projects(project("api", ", protect: true"), project("web", ", volumes: { cache: /cache }")));
    const { status, stderr } = await cli.devc(["destroy", "--yes"]);
    expect([status, sandboxes().length]).toEqual([6, 2]);
    expect(stderr).toContain("sandbox/api is protected");
  });

  it("has nothing to ask and to do when nothing is there", async () => {
    await cli.devc(["destroy", "--yes"]);
    const { status, stdout } = await cli.devc(["destroy"]);
    expect([status, stdout.includes("No changes.")]).toEqual([0, true]);
  });
});

describe("saved plans", () => {
  it("do exactly what was saved, and only that", async () => {
    await cli.devc(["plan", "-p", "web", "-o", "p.json"]);
    const { status } = await cli.devc(["apply", "p.json"]);
    expect([status, sandboxes()]).toEqual([0, ["devc-acme-web"]]);
  });

  it("match their schema and hold no values of the manifest", async () => {
    cli.manifest(projects(project("web", ", env: { NPM_TOKEN: hunter2, MODE: plain-value }")));
    await cli.devc(["plan", "-o", "p.json"]);
    expectDocument(DOCUMENTS["saved-plan"], JSON.parse(cli.read("p.json")));
    expect(cli.read("p.json")).not.toMatch(/hunter2|plain-value/);
  });

  it("are refused with 4 when the manifest has changed", async () => {
    await cli.devc(["plan", "-o", "p.json"]);
    cli.manifest(projects(project("api")));
    const { status, stderr } = await cli.devc(["apply", "p.json"]);
    expect([status, sandboxes()]).toEqual([4, []]);
    expect(stderr).toContain("the manifest has changed");
  });

  it("cannot be given other options", async () => {
    await cli.devc(["plan", "-o", "p.json"]);
    expect((await cli.devc(["apply", "p.json", "-p", "web"])).status).toBe(64);
  });

  it.each([
    ["is not there", undefined],
    ["is not JSON", "{"],
    ["is another document", '{"format":"devc.plan/1"}'],
  ])("are refused with 64 when the file %s", async (_why, text) => {
    if (text !== undefined) cli.write("p.json", text);
    const { status, stderr } = await cli.devc(["apply", "p.json"]);
    expect(status).toBe(64);
    expect(stderr).toContain("p.json is not a saved plan");
  });
});
