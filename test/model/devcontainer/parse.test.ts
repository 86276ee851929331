import { describe, expect, it } from "vitest";

import { parseDevcontainer } from "../../../src/model/devcontainer/parse.ts";
import type { DevcontainerDocument } from "../../../src/model/devcontainer/parse.ts";
import { issueAt, sourceText } from "../../../src/model/source.ts";

function parse(text: string | object): ReturnType<typeof parseDevcontainer> {
  return parseDevcontainer(sourceText("d.json", typeof text === "string" ? text : JSON.stringify(text)));
}

function sound(text: string | object): DevcontainerDocument {
  const { document, issues } = parse(text);
  if (!document) throw new Error(JSON.stringify(issues));
  return document;
}

/** Issues in short: `code: message (expected; suggestion?)`. */
function issues(text: string | object): string[] {
  return parse(text).issues.map(({ code, message, expected, suggestion }) => {
    const more = [expected, suggestion && `${suggestion}?`].filter(Boolean).join("; ");
    return `${code}: ${message}${more ? ` (${more})` : ""}`;
  });
}

const warnings = (text: string | object): string[] =>
  sound(text).warnings.map(({ code, message }) => `${code}: ${message}`);

const everything = {
  $schema: "https://example.com/schema.json",
  name: "shop",
  build: {
    dockerfile: "Dockerfile",
    context: "..",
    args: { A: "1" },
    target: "dev",
    cacheFrom: ["a", "b"],
    options: ["--pull"],
  },
  service: "web",
  runServices: ["db"],
  features: {},
  overrideFeatureInstallOrder: ["a"],
  workspaceFolder: "/w",
  workspaceMount: "",
  runArgs: ["--init"],
  appPort: [3000, "8000:8010"],
  forwardPorts: [0, 65535, "db:5432", "${localEnv:PORT}"],
  portsAttributes: {
    "3000": {
      label: "web",
      protocol: "https",
      onAutoForward: "openBrowserOnce",
      requireLocalPort: true,
      elevateIfNeeded: false,
    },
  },
  otherPortsAttributes: { onAutoForward: "ignore" },
  containerEnv: { A: "" },
  remoteEnv: { A: "1", B: null },
  containerUser: "root",
  remoteUser: "dev",
  updateRemoteUserUID: false,
  userEnvProbe: "none",
  overrideCommand: true,
  shutdownAction: "stopContainer",
  init: true,
  privileged: true,
  capAdd: ["SYS_PTRACE"],
  securityOpt: ["seccomp=unconfined"],
  mounts: ["source=a,target=/a", { type: "bind", source: "b", target: "/b" }, { type: "tmpfs", target: "/c" }],
  secrets: { TOKEN: { description: "d", documentationUrl: "https://example.com" } },
  initializeCommand: "",
  onCreateCommand: ["a", "b"],
  updateContentCommand: { a: "b", c: ["d"] },
  postCreateCommand: "a",
  postStartCommand: "a",
  postAttachCommand: "a",
  waitFor: "postStartCommand",
  hostRequirements: { cpus: 1, memory: "8gb", storage: "1024", gpu: { cores: 1, memory: "1gb" } },
  customizations: { vscode: { anything: [null, 1, "\u001B[0m"] }, other: "text" },
};

describe("a devcontainer.json", () => {
  it("may have every property of the specification", () => {
    const { config, warnings: found } = sound(everything);
    expect(config).toEqual(everything);
    expect(found).toEqual([]);
  });

  it.each([
    { image: "a:b", build: { dockerfile: "D", cacheFrom: "x" } },
    { image: "${localEnv:IMAGE:debian}", appPort: 1, hostRequirements: { gpu: true } },
    { image: "a", appPort: "1:2", hostRequirements: { gpu: "optional", memory: "${localEnv:M}" } },
  ])("may be %j", (config) => {
    expect(sound(config).config).toEqual(config);
  });

  it("knows where each value stands, and of other tools' settings only where those of a tool are", () => {
    const text = `{
  "image": "a", // base
  "containerEnv": { "A": "1" },
  "mounts": ["x", { "type": "bind", "target": "/t" }],
  "customizations": { "vscode": { "a": [1] }, "devc": { "profile": "strict" } }
}`;
    expect(sound(text).places).toEqual({
      image: [2, 12],
      containerEnv: [3, 19],
      "containerEnv.A": [3, 26],
      mounts: [4, 13],
      "mounts[0]": [4, 14],
      "mounts[1]": [4, 19],
      "mounts[1].type": [4, 29],
      "mounts[1].target": [4, 47],
      customizations: [5, 21],
      "customizations.vscode": [5, 33],
      "customizations.devc": [5, 55],
      "customizations.devc.profile": [5, 68],
    });
  });

  it("is refused with the place and the line of what is wrong", () => {
    expect(parse('{\n  "image": "a",\n  "init": "yes" // no\n}').issues).toEqual([
      {
        code: "wrong-type",
        message: "init cannot be 'yes'",
        expected: "true or false",
        position: { file: "d.json", line: 3, column: 11, source: '  "init": "yes" // no' },
      },
    ]);
  });

  it("is refused for all that is wrong at once, in its order", () => {
    const text = { waitFor: "x", image: "A B", features: { f: {} }, remoteEnv: { "": "" }, postStartCommand: [] };
    expect(parse(text).issues.map(({ code }) => code)).toEqual([
      "invalid-value",
      "invalid-image",
      "not-supported",
      "invalid-name",
      "invalid-value",
    ]);
  });
});

describe("what a devcontainer.json may not be", () => {
  it.each<[object, string[]]>([
    [{}, ["missing-key: the file names neither an image nor a Dockerfile (image or build.dockerfile)"]],
    [{ name: "x" }, ["missing-key: the file names neither an image nor a Dockerfile (image or build.dockerfile)"]],
    [
      { imag: "x" },
      ["missing-key: the file names neither an image nor a Dockerfile (image or build.dockerfile; image?)"],
    ],
    [
      { dockerfile: "x" },
      ["missing-key: the file names neither an image nor a Dockerfile (image or build.dockerfile; build.dockerfile?)"],
    ],
    [{ build: {} }, ["missing-key: build has no 'dockerfile' (image or build.dockerfile)"]],
    [
      { build: { dockerFile: "x" } },
      ["missing-key: build has no 'dockerfile' (image or build.dockerfile; dockerfile?)"],
    ],
    [
      { dockerComposeFile: "c.yml", service: "web", workspaceFolder: "/w" },
      [
        "not-supported: dockerComposeFile: compose projects are not run yet (a devcontainer.json with an image or a Dockerfile)",
      ],
    ],
    [
      { image: "a", features: { "ghcr.io/x/y:1": {} } },
      ["not-supported: features are not installed yet (an image or a Dockerfile that has them)"],
    ],
    [{ image: "" }, ["invalid-value: image is empty (a text)"]],
    [{ image: null }, ["wrong-type: image is empty (a text)"]],
    [
      { image: "UPPER" },
      ["invalid-image: 'UPPER' is not an image reference (a reference such as debian:bookworm-slim, in lower case)"],
    ],
    [{ image: "a", build: "x" }, ["wrong-type: build cannot be 'x' (a map)"]],
    [{ build: { dockerfile: 1 } }, ['wrong-type: build.dockerfile cannot be 1 (a text, "1" in quotes)']],
    [
      { image: "a", build: { args: { A: true } } },
      ['wrong-type: build.args.A cannot be true (a text, "true" in quotes)'],
    ],
    [{ image: "a", build: { options: "x" } }, ["wrong-type: build.options cannot be 'x' (a list)"]],
    [{ image: "a", runArgs: "--init" }, ["wrong-type: runArgs cannot be '--init' (a list)"]],
    [{ image: "a", appPort: true }, ["wrong-type: appPort cannot be true (a number or a text or a list)"]],
    [{ image: "a", forwardPorts: [65536] }, ["out-of-range: forwardPorts[0] is too large (at most 65535)"]],
    [{ image: "a", forwardPorts: 3000 }, ["wrong-type: forwardPorts cannot be 3000 (a list)"]],
    [
      { image: "a", portsAttributes: { "1": { protocol: "htp" } } },
      ["invalid-value: portsAttributes.1.protocol cannot be 'htp' (http or https; http?)"],
    ],
    [{ image: "a", containerEnv: { A: null } }, ["wrong-type: containerEnv.A is empty (a text)"]],
    [{ image: "a", containerEnv: { "A=B": "" } }, ["invalid-name: 'A=B' cannot be a name here (a name without '=')"]],
    [{ image: "a", remoteEnv: { A: 1 } }, ["wrong-type: remoteEnv.A cannot be 1 (a text or null)"]],
    [
      { image: "a", userEnvProbe: "loginshell" },
      [
        "invalid-value: userEnvProbe cannot be 'loginshell' " +
          "(none or loginShell or interactiveShell or loginInteractiveShell; loginShell?)",
      ],
    ],
    [{ image: "a", mounts: [{ target: "/t" }] }, ["missing-key: mounts[0] has no 'type'"]],
    [{ image: "a", mounts: [{ type: "bind", source: "x" }] }, ["missing-key: mounts[0] has no 'target'"]],
    [
      { image: "a", mounts: [{ type: "nfs", target: "/t" }] },
      ["invalid-value: mounts[0].type cannot be 'nfs' (bind or volume or tmpfs)"],
    ],
    [{ image: "a", mounts: [1] }, ["wrong-type: mounts[0] cannot be 1 (a text or a map)"]],
    [{ image: "a", postCreateCommand: 1 }, ["wrong-type: postCreateCommand cannot be 1 (a text or a list or a map)"]],
    [{ image: "a", postCreateCommand: null }, ["wrong-type: postCreateCommand is empty (a text or a list or a map)"]],
    [
      { image: "a", postCreateCommand: ["a", 1] },
      ['wrong-type: postCreateCommand[1] cannot be 1 (a text, "1" in quotes)'],
    ],
    [
      { image: "a", postCreateCommand: { a: {} } },
      ["wrong-type: postCreateCommand.a cannot be a map (a text or a list)"],
    ],
    [{ image: "a", postCreateCommand: { a: [] } }, ["invalid-value: postCreateCommand.a is empty (a program to run)"]],
    [{ image: "a", hostRequirements: { cpus: 0 } }, ["out-of-range: hostRequirements.cpus is too small (at least 1)"]],
    [
      { image: "a", hostRequirements: { memory: "8 GB" } },
      [
        "invalid-value: hostRequirements.memory cannot be '8 GB' " +
          "(bytes, or a whole number with kb, mb, gb or tb, such as 8gb)",
      ],
    ],
    [
      { image: "a", hostRequirements: { gpu: "yes" } },
      ["invalid-value: hostRequirements.gpu cannot be 'yes' (true or false or optional)"],
    ],
    [
      { image: "a", remoteUser: "${localEnv}" },
      ["invalid-variable: ${localEnv} names no environment variable (${localEnv:NAME})"],
    ],
    [
      { image: "a", customizations: { devc: "\u0007" } },
      ["control-character: the control character U+0007 is not allowed (plain text)"],
    ],
  ])("%j is refused", (text, expected) => {
    expect(issues(text)).toEqual(expected);
  });
});

describe("what is worth a warning", () => {
  it.each<[object, string[]]>([
    [{ image: "a", remotUser: "x" }, ["unknown-key: d.json:1: unknown key 'remotUser'; did you mean 'remoteUser'?"]],
    [{ image: "a", zzzzzzzz: 1 }, ["unknown-key: d.json:1: unknown key 'zzzzzzzz'"]],
    [{ image: "a", env: {} }, ["unknown-key: d.json:1: unknown key 'env'; did you mean 'containerEnv'?"]],
    [
      { build: { dockerfile: "a", arg: {} } },
      ["unknown-key: d.json:1: unknown key 'arg' in build; did you mean 'args'?"],
    ],
    [
      { image: "a", hostRequirements: { cpu: 1, gpu: { core: 1 } } },
      [
        "unknown-key: d.json:1: unknown key 'core' in hostRequirements.gpu; did you mean 'cores'?",
        "unknown-key: d.json:1: unknown key 'cpu' in hostRequirements; did you mean 'cpus'?",
      ],
    ],
    [
      { image: "a", portsAttributes: { "1": { lable: "x" } }, otherPortsAttributes: { onautoforward: "x" } },
      [
        "unknown-key: d.json:1: unknown key 'lable' in portsAttributes.1; did you mean 'label'?",
        "unknown-key: d.json:1: unknown key 'onautoforward' in otherPortsAttributes; did you mean 'onAutoForward'?",
      ],
    ],
    [
      { image: "a", mounts: [{ type: "bind", source: "a", target: "/b", readonly: true }] },
      ["unknown-key: d.json:1: unknown key 'readonly' in mounts[0]"],
    ],
    [
      { image: "a", forwardPorts: ["3000", "db:99999"] },
      [
        "invalid-value: d.json:1: forwardPorts[0]: '3000' is neither a port nor host:port",
        "invalid-value: d.json:1: forwardPorts[1]: 'db:99999' is neither a port nor host:port",
      ],
    ],
    [
      { image: "a", build: { dockerfile: "D" } },
      ["ignored-key: d.json:1: 'image' is ignored: the file names a Dockerfile"],
    ],
    [
      { image: "a", build: { args: {} } },
      ["ignored-key: d.json:1: 'build' is ignored: it names no Dockerfile, and an image is given"],
    ],
  ])("%j", (text, expected) => {
    expect(warnings(text)).toEqual(expected);
  });

  it("keeps what is unknown", () => {
    const config = { image: "a", other: { x: [1] }, build: { y: 1 } };
    expect(sound(config).config).toEqual(config);
  });
});

describe("old names", () => {
  it.each<[object, object]>([
    [{ dockerFile: "D" }, { build: { dockerfile: "D" } }],
    [{ dockerFile: "D", context: ".." }, { build: { dockerfile: "D", context: ".." } }],
    [
      { dockerFile: "D", build: { dockerfile: "E", context: "c", args: { A: "1" } } },
      { build: { dockerfile: "D", args: { A: "1" } } },
    ],
    [
      { image: "a", extensions: ["x"] },
      { image: "a", customizations: { vscode: { extensions: ["x"] } } },
    ],
    [
      { image: "a", extensions: ["x"], customizations: { vscode: { extensions: ["y"], z: 1 }, o: 1 } },
      { image: "a", customizations: { vscode: { extensions: ["y", "x"], z: 1 }, o: 1 } },
    ],
    [
      { image: "a", settings: { a: 1, b: 2 }, customizations: { vscode: { settings: { b: 3 } } } },
      { image: "a", customizations: { vscode: { settings: { a: 1, b: 3 } } } },
    ],
    [
      { image: "a", settings: {} },
      { image: "a", customizations: { vscode: { settings: {} } } },
    ],
    [
      { image: "a", devPort: 1 },
      { image: "a", customizations: { vscode: { devPort: 1 } } },
    ],
    [
      { image: "a", devPort: 1, customizations: { vscode: { devPort: 2 } } },
      { image: "a", devPort: 1, customizations: { vscode: { devPort: 2 } } },
    ],
    [
      { image: "a", extensions: ["x"], settings: {}, devPort: 1, customizations: { vscode: "text" } },
      { image: "a", customizations: { vscode: "text" } },
    ],
    [
      { image: "a", extensions: ["x"], customizations: { vscode: null } },
      { image: "a", customizations: { vscode: { extensions: ["x"] } } },
    ],
    [
      { image: "a", extensions: ["x"], customizations: { vscode: { extensions: "text" } } },
      { image: "a", customizations: { vscode: { extensions: ["x"] } } },
    ],
    [
      { image: "a", context: ".." },
      { image: "a", context: ".." },
    ],
  ])("%j is read as %j", (written, read) => {
    expect(sound(written).config).toEqual(read);
  });

  it("are told, each with what to write", () => {
    const text = '{\n"dockerFile": "D",\n"context": "..",\n"extensions": [],\n"settings": {},\n"devPort": 1\n}';
    expect(warnings(text)).toEqual([
      "legacy-key: d.json:2: 'dockerFile' is an old name; write build.dockerfile",
      "legacy-key: d.json:3: 'context' is an old name; write build.context",
      "legacy-key: d.json:4: 'extensions' is an old name; write customizations.vscode.extensions",
      "legacy-key: d.json:5: 'settings' is an old name; write customizations.vscode.settings",
      "legacy-key: d.json:6: 'devPort' is an old name; write customizations.vscode.devPort",
    ]);
    expect(warnings({ build: { dockerfile: "D" }, context: ".." })).toEqual([
      "ignored-key: d.json:1: 'context' is ignored without 'dockerFile'; write build.context",
    ]);
  });

  it("that are lost are told too", () => {
    expect(warnings({ image: "a", extensions: ["x"], customizations: { vscode: "text" } })).toEqual([
      "ignored-key: d.json:1: 'extensions' is ignored: customizations.vscode is no map",
    ]);
  });

  it("take their places along", () => {
    const { places, document } = sound('{\n"dockerFile": "D",\n"context": ".."\n}');
    expect(places).toEqual({ build: [2, 15], "build.dockerfile": [2, 15], "build.context": [3, 12] });
    const issue = { code: "path-missing", message: "m" };
    expect(issueAt(document, ["build", "dockerfile"], issue)).toEqual({
      ...issue,
      position: { file: "d.json", line: 2, column: 15, source: '"dockerFile": "D",' },
    });
  });
});
