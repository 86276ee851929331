import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

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

/** A devcontainer.json of a folder below the workspace. */
function devcontainer(path: string, config: object): void {
  mkdirSync(join(cli.root, path, ".devcontainer"), { recursive: true });
  cli.write(`${path}/.devcontainer/devcontainer.json`, JSON.stringify(config, undefined, 1));
}

/** Cells of the table of `devc config PROJECT`, by their key. */
function table(stdout: string): Record<string, string[]> {
  const rows = stdout.split("\n").map((line) => line.trim().split(/ {3,}/));
  return Object.fromEntries(rows.filter(({ length }) => length === 3).map(([key = "", ...cells]) => [key, cells]));
}

describe("devc config PROJECT", () => {
  const METADATA = [{ remoteUser: "dev", containerEnv: { FROM_IMAGE: "1" } }, { postCreateCommand: "echo image" }];
  const labels = { "devcontainer.metadata": JSON.stringify(METADATA) };

  it("shows every value of a plain project and where it comes from", async () => {
    const { stdout } = await cli.devc(["config", "web"]);
    expect(table(stdout)).toEqual({
      "capabilities.CHOWN": ["given", "profile moderate"],
      "capabilities.DAC_OVERRIDE": ["given", "profile moderate"],
      "capabilities.FOWNER": ["given", "profile moderate"],
      "capabilities.FSETID": ["given", "profile moderate"],
      "capabilities.KILL": ["given", "profile moderate"],
      "capabilities.NET_BIND_SERVICE": ["given", "profile moderate"],
      "capabilities.SETGID": ["given", "profile moderate"],
      "capabilities.SETPCAP": ["given", "profile moderate"],
      "capabilities.SETUID": ["given", "profile moderate"],
      "capabilities.SYS_CHROOT": ["given", "profile moderate"],
      command: ["waits until it is stopped", "default"],
      "env.MODE": ["dev", "devc.yaml:3"],
      "env.NPM_TOKEN": ["(hidden)", "devc.yaml:3"],
      hostname: ["web", "default"],
      image: [IMAGE, "devc.yaml:3"],
      network: ["none", "profile moderate"],
      profile: ["moderate", "default"],
      protect: ["no", "default"],
      "resources.cpus": ["4", "profile moderate"],
      "resources.memory": ["8 GiB", "profile moderate"],
      "resources.pids": ["2048", "profile moderate"],
      state: ["running", "default"],
    });
    expect(cli.connections()).toBe(0);
  });

  it("tells the file, the image, the manifest and the profile apart", async () => {
    cli[Symbol.dispose]();
    cli = createCli({ images: { [IMAGE]: { labels } } });
    cli.manifest(`defaults: { profile: strict }\nprojects:\n  web: { path: web, env: { B: "2" }, hookTimeout: 5m }`);
    devcontainer("web", {
      image: IMAGE,
      containerEnv: { A: "${localEnv:A_TOKEN}", B: "1" },
      postCreateCommand: ["echo", "two words"],
      customizations: { devc: { resources: { pids: 100 } } },
    });
    const { stdout } = await cli.devc(["config", "web"], { env: { A_TOKEN: "hunter2" } });
    const file = "web/.devcontainer/devcontainer.json";
    expect(table(stdout)).toEqual({
      command: ["waits until it is stopped", "default"],
      "env.A": [expect.stringMatching(/^\(host value [0-9a-f]{6}\)$/), `${file}:4`],
      "env.B": ["2", "devc.yaml:5"],
      "env.FROM_IMAGE": ["1", "image metadata"],
      hookTimeout: ["5 min", "devc.yaml:5"],
      "hooks.postCreate[0]": ["echo image", "image metadata"],
      "hooks.postCreate[1]": [`echo "two words"`, `${file}:7`],
      hostname: ["web", "default"],
      image: [IMAGE, `${file}:2`],
      "mounts./workspaces/web": [join(cli.root, "web"), "default"],
      network: ["none", "profile strict"],
      noNewPrivileges: ["yes", "profile strict"],
      profile: ["strict", "devc.yaml:3"],
      protect: ["no", "default"],
      remoteUser: ["dev", "image metadata"],
      "resources.cpus": ["2", "profile strict"],
      "resources.memory": ["4 GiB", "profile strict"],
      "resources.pids": ["100", `${file}:14`],
      state: ["running", "default"],
      userEnvProbe: ["loginInteractiveShell", "default"],
      waitFor: ["updateContent", "default"],
      workdir: ["/workspaces/web", "default"],
      workspaceFolder: ["/workspaces/web", "default"],
    });
    expect(stdout).not.toContain("hunter2");
    const { stdout: json } = await cli.devc(["config", "--json"], { env: { A_TOKEN: "hunter2" } });
    const document = JSON.parse(json) as { origins: Record<string, Record<string, string>> };
    expectDocument(DOCUMENTS.config, document);
    expect(document.origins["web"]?.["env.FROM_IMAGE"]).toBe("image metadata");
    expect(json).not.toContain("hunter2");
  });

  it("says what is missing without an engine, and without the image", async () => {
    devcontainer("web", { image: "gone:1" });
    cli.manifest(`projects: { web: { path: web } }`);
    const offline = await cli.devc(["config", "web", "--offline"]);
    expect(offline.stdout).toContain("Note: web: the metadata of gone:1 is not merged: no engine was asked");
    expect(cli.connections()).toBe(0);
    const online = await cli.devc(["config", "web"]);
    expect(online.stdout).toContain("Note: web: the metadata of gone:1 is not merged: the image is not there yet");
  });

  it("refuses a project that is not there", async () => {
    const { status, stderr } = await cli.devc(["config", "wbe"]);
    expect([status, stderr.includes("did you mean 'web'?")]).toEqual([64, true]);
  });

  it("prints the file as other tools read it with --devcontainer-json", async () => {
    cli[Symbol.dispose]();
    cli = createCli({ images: { [IMAGE]: { labels } } });
    devcontainer("web", { image: IMAGE, name: "${localWorkspaceFolderBasename}", customizations: { x: 1 } });
    cli.manifest(`projects: { web: { path: web }, api: { image: "${IMAGE}" } }`);
    const { stdout } = await cli.devc(["config", "--devcontainer-json", "web"]);
    expect(JSON.parse(stdout)).toMatchObject({
      configuration: { image: IMAGE, name: "web" },
      workspace: { workspaceFolder: "/workspaces/web" },
      mergedConfiguration: {
        remoteUser: "dev",
        postCreateCommands: ["echo image"],
        containerEnv: { FROM_IMAGE: "1" },
        customizations: { x: [1] },
      },
    });
    const offline = await cli.devc(["config", "--devcontainer-json", "web", "--offline"]);
    expect(JSON.parse(offline.stdout)).toMatchObject({ mergedConfiguration: { containerEnv: {} } });
    expect(offline.stderr).toContain("The metadata of the image is not in it: no engine was asked.");
    const plain = await cli.devc(["config", "--devcontainer-json", "api"]);
    expect([plain.status, plain.stderr]).toEqual([64, expect.stringContaining("uses no devcontainer.json")]);
  });
});

describe("a folder with only a devcontainer.json", () => {
  it("is validated, planned, applied, shown, found and destroyed like any workspace", async () => {
    rmSync(join(cli.root, "devc.yaml"));
    devcontainer("site", { image: IMAGE, unknwon: true });
    const cwd = join(cli.root, "site");
    const run = (...words: string[]) => cli.devc(words, { cwd });
    const { stdout } = await run("validate");
    expect(stdout).toContain(".devcontainer/devcontainer.json is valid: 1 project (site).");
    expect(stdout).toContain("Note: site: .devcontainer/devcontainer.json:3: unknown key 'unknwon'");
    expect((await run("plan")).stdout).toContain("unknown key 'unknwon'");
    expect(await run("apply", "--yes")).toMatchObject({ status: 0 });
    expect((await run("plan", "--detailed-exitcode")).status).toBe(0);
    const status = JSON.parse((await run("status", "--json")).stdout) as { workspace: string; sandboxes: object[] };
    expect(status.workspace).toMatch(/^site-[0-9a-f]{6}$/);
    expect(status.sandboxes).toMatchObject([{ project: "site", state: "running", profile: "moderate" }]);
    expect((await run("config", "site")).stdout).toContain("profile moderate");
    expect(await run("destroy", "--yes")).toMatchObject({ status: 0 });
    expect(await cli.engine.listContainers({ workspace: status.workspace })).toEqual([]);
  });
});

describe("devc schema", () => {
  it.each(["manifest", "customizations", ...Object.keys(DOCUMENTS)])(
    "prints the JSON Schema called %s",
    async (name) => {
      const { status, stdout } = await cli.devc(["schema", name]);
      expect(status).toBe(0);
      expect(() =>
        new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(stdout) as object),
      ).not.toThrow();
    },
  );

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
