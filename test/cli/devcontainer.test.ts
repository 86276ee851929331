import { mkdirSync } from "node:fs";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { DOCUMENTS } from "../../src/report/documents/schemas.ts";
import { createCli } from "../support/cli.ts";
import type { Cli } from "../support/cli.ts";
import { expectDocument } from "../support/json-schema.ts";

/** A workspace with a project that is built and has commands, `web`, and one that is not, `api`. */
function createBuilt(options: Parameters<typeof createCli>[0] = {}, manifest = ""): Cli {
  const cli = createCli(options);
  cli.manifest(`projects:\n  api: { image: "debian:12" }\n  web: { path: web${manifest} }\n`);
  mkdirSync(path.join(cli.root, "web"));
  configure(cli);
  dockerfile(cli, "RUN one");
  return cli;
}

const CONFIG = {
  build: { dockerfile: "Dockerfile" },
  remoteUser: "root",
  containerEnv: { TOKEN: "${localEnv:DEVC_TEST_TOKEN}" },
  onCreateCommand: "one",
  postStartCommand: "three",
};

function configure(cli: Cli, changes: object = {}): void {
  cli.write("web/.devcontainer.json", JSON.stringify({ ...CONFIG, ...changes }));
}

function dockerfile(cli: Cli, line: string): void {
  cli.write("web/Dockerfile", `FROM debian:12\n${line}\n`);
}

const env = { DEVC_TEST_TOKEN: "s3cret" };
const linesOf = (stdout: string) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; [member: string]: unknown });
const namesOf = (cli: Cli) =>
  cli.engine
    .snapshot()
    .containers.map(({ name, state }) => `${name} ${state}`)
    .toSorted();

describe("apply with a devcontainer.json that builds an image", () => {
  it("builds it, plans its sandbox then, runs its commands, and has nothing to do afterwards", async () => {
    using cli = createBuilt();
    const { status, stdout, stderr } = await cli.devc(["apply"], { env });
    expect(status).toBe(0);
    expect(stdout).toContain("Plan: 2 to create; 1 image to build.");
    expect(stdout).toMatch(/Applied: 2 created\. .*\n$/);
    const web = stderr.split("\n").filter((line) => /^(\w+\/)?web/.test(line));
    expect(web).toEqual([
      "image/web: build devc-acme-web:built",
      "web | step of devc-acme-web:built",
      "image/web: done",
      "web: its image is there; planning.",
      "sandbox/web: create devc-acme-web",
      "sandbox/web: note that commands have to run",
      "sandbox/web: start",
      "sandbox/web: wait until it is healthy",
      "sandbox/web: run the commands of its devcontainer.json",
      "web | [onCreate] ran one",
      "web | [postStart] ran three",
      "sandbox/web: note that all commands ran",
      "sandbox/web: done",
    ]);
    cli.engine.clearCalls();
    expect((await cli.devc(["plan", "--detailed-exitcode"], { env })).status).toBe(0);
    expect(cli.engine.callCounts()).toEqual({
      facts: 1,
      listContainers: 2,
      listNetworks: 1,
      listVolumes: 1,
      inspectImage: 2,
    });
  });

  it("says what is known before the image is there", async () => {
    using cli = createBuilt();
    const { stdout } = await cli.devc(["plan"], { env });
    expect(stdout).toContain("the rest      known after the image is there");
    expect(stdout).not.toContain("s3cret");
  });

  it("replaces the sandbox when the Dockerfile changed, and tells that in a plan before", async () => {
    using cli = createBuilt();
    await cli.devc(["apply"], { env });
    dockerfile(cli, "RUN two");
    const plan = await cli.devc(["plan", "--detailed-exitcode"], { env });
    expect(plan.status).toBe(2);
    expect(plan.stdout).toContain("image         build devc-acme-web:built   # what it is built from changed");
    const { status, stdout } = await cli.devc(["apply"], { env });
    expect(status).toBe(0);
    expect(stdout).toContain("Applied: 1 replaced.");
    expect(cli.ran()).toEqual(["onCreate one", "postStart three", "onCreate one", "postStart three"]);
  });

  it("shows each round's plan when it is asked for everything", async () => {
    using cli = createBuilt();
    const { stdout } = await cli.devc(["apply", "--verbose"], { env });
    expect(stdout.match(/^Plan: /gm)).toHaveLength(2);
  });

  it("prints one stream with a plan for each round and one summary of all of them", async () => {
    using cli = createBuilt();
    const { stdout } = await cli.devc(["apply", "--json"], { env });
    const lines = linesOf(stdout);
    for (const line of lines) expectDocument(DOCUMENTS.events, line);
    expect(lines.filter(({ type }) => type === "plan")).toHaveLength(2);
    expect(lines.filter(({ type }) => type === "summary")).toHaveLength(1);
    expect(lines.at(-1)).toMatchObject({
      type: "summary",
      outcome: {
        resources: [
          { address: "image/web", result: "done" },
          { address: "sandbox/api", result: "done" },
          { address: "sandbox/web", result: "done" },
        ],
        planned: { create: 3 },
      },
    });
    expect(lines.filter(({ type }) => type === "op_output")).toMatchObject([
      { text: "web | step of devc-acme-web:built", line: "step of devc-acme-web:built", address: "image/web" },
      { line: "[onCreate] ran one", address: "sandbox/web" },
      { line: "[postStart] ran three", address: "sandbox/web" },
    ]);
    expect(stdout).not.toContain("s3cret");
  });

  it("keeps silent when it is told to, also about what commands print", async () => {
    using cli = createBuilt();
    expect((await cli.devc(["apply", "--quiet"], { env })).stderr).toBe("");
  });

  it("leaves the sandbox alone when the build fails, and shows the end of its output", async () => {
    using cli = createBuilt();
    await cli.devc(["apply"], { env });
    configure(cli, { build: { dockerfile: "Dockerfile", target: "broken" } });
    cli.write("web/Dockerfile", "FROM debian:12 AS broken\n");
    const { status, stdout } = await cli.devc(["apply"], { env });
    expect(status).toBe(1);
    expect(stdout).toContain(
      "image/web: building devc-acme-web:built failed [build-failed]\n    the last line of the step",
    );
    expect(stdout).toContain("Applied in part: no sandbox changed, 1 failed, 1 skipped.");
    expect(namesOf(cli)).toEqual(["devc-acme-api running", "devc-acme-web running"]);
  });

  it("refuses in the middle what loosens and was not to be seen before, and says what was done", async () => {
    using cli = createBuilt({}, ", profile: strict");
    configure(cli, { containerUser: "nobody" });
    await cli.devc(["apply"], { env });
    configure(cli, { containerUser: "root" });
    dockerfile(cli, "RUN two");
    const { status, stderr } = await cli.devc(["apply"], { env });
    expect(status).toBe(6);
    expect(stderr).toContain("the images are there, and nothing else was changed");
    expect(namesOf(cli)).toEqual(["devc-acme-api running", "devc-acme-web running"]);
  });

  it("asks once about what is known to loosen before anything is built", async () => {
    using cli = createBuilt({}, ", profile: strict");
    await cli.devc(["apply"], { env });
    dockerfile(cli, "RUN two");
    cli.manifest(
      `projects:\n  api: { image: "debian:12" }\n  web: { path: web, capabilities: { add: [SYS_PTRACE] } }\n`,
    );
    const refused = await cli.devc(["apply"], { env });
    expect(refused.status).toBe(6);
    expect(refused.stderr).toContain("nothing was changed");
    const { status, stderr } = await cli.devc(["apply"], { env, typed: ["y"] });
    expect(stderr.match(/Approve\?/g)).toHaveLength(1);
    expect(status).toBe(0);
  });

  it("never replaces a protected sandbox for a new image, and builds none", async () => {
    using cli = createBuilt({}, ", protect: true");
    await cli.devc(["apply"], { env });
    dockerfile(cli, "RUN two");
    const { status, stderr } = await cli.devc(["apply"], { env });
    expect(status).toBe(6);
    expect(stderr).toContain("sandbox/web is protected and would be replaced");
    expect(stderr).not.toContain("image/web");
  });
});

describe("a saved plan with an image that is built", () => {
  it("is carried out to the end", async () => {
    using cli = createBuilt();
    expect((await cli.devc(["plan", "-o", "p.json"], { env })).status).toBe(0);
    expect(cli.read("p.json")).not.toContain("s3cret");
    const { status, stdout } = await cli.devc(["apply", "p.json"], { env });
    expect(status).toBe(0);
    expect(stdout).toContain("Applied: 2 created.");
  });

  it("is refused when a value of the host changed since", async () => {
    using cli = createBuilt();
    await cli.devc(["plan", "-o", "p.json"], { env });
    const { status, stderr } = await cli.devc(["apply", "p.json"], { env: { DEVC_TEST_TOKEN: "other" } });
    expect(status).toBe(4);
    expect(stderr).toContain("a value that is taken from the host's environment has changed");
    expect(namesOf(cli)).toEqual([]);
  });
});

describe("commands of a devcontainer.json", () => {
  it("that fail keep the sandbox, which status tells, until the next apply runs them", async () => {
    using cli = createBuilt();
    cli.failing.add("three");
    const failed = await cli.devc(["apply"], { env });
    expect(failed.status).toBe(3);
    expect(failed.stdout).toContain(
      "sandbox/web: postStart: three failed [hook-failed]\n    exit status 1\n    the sandbox runs; 'devc up web' runs again what has not succeeded\n",
    );
    const status = await cli.devc(["status", "--json"], { env });
    const document = JSON.parse(status.stdout) as { sandboxes: object[] };
    expectDocument(DOCUMENTS.status, document);
    expect(document.sandboxes).toMatchObject([
      { project: "api", hooks: "none", hint: null },
      {
        project: "web",
        state: "running",
        hooks: "pending",
        hint: "commands of its devcontainer.json have not all succeeded; devc up web",
      },
    ]);
    cli.failing.clear();
    const again = await cli.devc(["up", "web"], { env });
    expect(again.stdout).toContain("run its commands");
    expect(again.status).toBe(0);
    expect(cli.ran()).toEqual(["onCreate one", "postStart three", "postStart three"]);
    expect((await cli.devc(["status", "--json"], { env })).stdout).toContain('"hooks": "done"');
  });

  it("that fail in a replacement keep the sandbox that was there", async () => {
    using cli = createBuilt();
    await cli.devc(["apply"], { env });
    const before = cli.engine.snapshot().containers;
    dockerfile(cli, "RUN two");
    cli.failing.add("one");
    const { status, stdout } = await cli.devc(["apply"], { env });
    expect(status).toBe(3);
    expect(stdout).toContain("the sandbox that was there goes on; 'devc up web' tries again");
    expect(cli.engine.snapshot().containers).toEqual(before);
  });
});

describe("destroy", () => {
  it("removes what was built, the notes, and nothing that was pulled", async () => {
    using cli = createBuilt();
    cli.failing.add("three");
    await cli.devc(["apply"], { env });
    expect(cli.engine.snapshot().volumes).toHaveLength(1);
    const { status } = await cli.devc(["destroy", "--yes"], { env });
    expect(status).toBe(0);
    const { containers, volumes, references } = cli.engine.snapshot();
    expect({ containers, volumes, references: Object.keys(references).toSorted() }).toEqual({
      containers: [],
      volumes: [],
      references: ["debian:12", "debian:13"],
    });
  });
});
