import { expect, test } from "vitest";

import { compile } from "../../../src/model/compile.ts";
import type { DevcontainerConfig } from "../../../src/model/devcontainer/config.ts";
import { compiled, devcontainerProject, ENGINE, imageFacts, located } from "../../support/devcontainer.ts";

test("what the file says and devc does not do is told", () => {
  const { notices } = compiled(
    {
      initializeCommand: "npm ci",
      appPort: 3000,
      runArgs: ["-p", "80:80", "--name", "x", "--dns", "1.1.1.1", "-v", "cache:/c:nocopy"],
      hostRequirements: { cpus: 128, memory: "16gb", gpu: true },
    },
    {
      profile: "moderate",
      located: {
        warnings: [{ code: "unknown-key", message: "web.json:9: 'x' is not known" }],
        notGranted: [{ what: "profile permissive", path: "name", hint: "projects.web.profile: permissive" }],
      },
    },
  );
  expect(notices.map(({ code, message, hint }) => [code, message, hint])).toEqual([
    ["closed-network", expect.any(String), undefined],
    ["unknown-key", "web.json:9: 'x' is not known", undefined],
    [
      "not-granted",
      "asked, not granted by profile moderate: profile permissive (web.json)",
      "projects.web.profile: permissive",
    ],
    ["initialize-not-run", "initializeCommand is not run: it would run on the host (web.json:2)", undefined],
    ["ports-not-published", "appPort is not published yet (web.json:3)", undefined],
    ["run-arg-ignored", "--name in runArgs means nothing here: devc names its containers (web.json:4)", undefined],
    ["run-arg-refused", expect.stringContaining("--dns in runArgs is not applied"), undefined],
    ["ports-not-published", "ports of runArgs are not published yet (web.json:4)", undefined],
    ["requirements-not-met", "hostRequirements asks for cpus 128; the engine has 64", undefined],
    [
      "requirements-not-met",
      "hostRequirements asks for memory 16 GiB; the sandbox is limited to 8 GiB",
      "projects.web.resources: { memory: 16GiB }",
    ],
    ["mount-option-ignored", "'nocopy' of the mount at /c has no effect (web.json:4)", undefined],
    ["requirements-not-met", "a GPU is required, and the engine has none (web.json:5)", undefined],
  ]);
  expect(notices.every(({ project }) => project === "web")).toBe(true);
});

test("mistakes in files are issues with their places, all at once", () => {
  const raw: DevcontainerConfig = {
    workspaceFolder: "work",
    mounts: ["type=bind,source=/srv/acme/none,target=/none", "type=bind,source=~/x,target=/x", "typ=bind"],
    capAdd: ["CHOWNN"],
    runArgs: ["--memroy=1g", "--shm-size", "big", "-v", "a:/workspaces/web"],
    workspaceMount: "type=volume,source=w,target=/workspaces/web",
  };
  const hostPath = (path: string) => (path.endsWith("/none") ? undefined : { real: path, kind: "directory" as const });
  let issues: unknown;
  try {
    compiled(raw, { surroundings: { hostPath } });
  } catch (error) {
    issues = error;
  }
  expect(issues).toMatchObject({
    code: "manifest-invalid",
    issues: [
      { code: "invalid-target", position: { file: "web.json", line: 2 } },
      { code: "invalid-mount", message: expect.stringContaining("'typ'"), position: { line: 3 } },
      { code: "path-missing", message: "there is nothing at /srv/acme/none to mount", position: { line: 3 } },
      { code: "invalid-mount", message: "'~/x' is not a path of the host", position: { line: 3 } },
      { code: "unknown-capability", suggestion: "CHOWN", position: { line: 4 } },
      { code: "unknown-flag", suggestion: "--memory", position: { line: 5 } },
      { code: "invalid-run-arg", message: "--shm-size: 'big' is not a memory size", position: { line: 5 } },
      { code: "duplicate-target", position: { line: 5 } },
    ],
  });
});

test("mistakes in metadata of an image are left out and told", () => {
  const image = [{ mounts: ["type=npipe,target=/x"], capAdd: ["NOPE"] }, { init: true }];
  const { notices, resources } = compiled({}, { image });
  expect(notices.map(({ code, message }) => [code, message])).toEqual([
    ["image-metadata", expect.stringContaining("mounts of type 'npipe' are not supported")],
    ["image-metadata", "image metadata: 'NOPE' is not a Linux capability; it is left out"],
  ]);
  expect(resources.find(({ kind }) => kind === "sandbox")).toMatchObject({ spec: { init: true } });
  const unreadable = imageFacts([], { labels: { "devcontainer.metadata": "{" } });
  expect(compiled({}, { surroundings: { images: { debian: unreadable } } }).notices).toMatchObject([
    { code: "image-metadata", message: expect.stringContaining("it is not JSON") },
  ]);
});

test("a devcontainer project cannot be compiled without its surroundings", () => {
  const manifest = { workspace: "acme", root: "/srv/acme", projects: [devcontainerProject(located({}))] };
  expect(() => compile(manifest, ENGINE)).toThrow("without surroundings");
});
