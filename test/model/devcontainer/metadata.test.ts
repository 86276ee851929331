import { describe, expect, it } from "vitest";

import { metadataEntryOf, metadataLabel, parseMetadata } from "../../../src/model/devcontainer/metadata.ts";

const everything = {
  onCreateCommand: "a",
  updateContentCommand: ["a", "b"],
  postCreateCommand: { a: "b", c: ["d"] },
  postStartCommand: "a",
  postAttachCommand: "a",
  waitFor: "onCreateCommand",
  customizations: { vscode: { extensions: ["x"] } },
  mounts: ["source=a,target=/a", { type: "volume", source: "b", target: "/b" }],
  containerEnv: { A: "${localEnv:TOKEN}" },
  containerUser: "root",
  init: true,
  privileged: false,
  capAdd: ["SYS_PTRACE"],
  securityOpt: ["seccomp=unconfined"],
  remoteUser: "dev",
  userEnvProbe: "loginShell",
  remoteEnv: { B: "b", C: null },
  overrideCommand: false,
  portsAttributes: { "3000": { label: "web" } },
  otherPortsAttributes: { onAutoForward: "ignore" },
  forwardPorts: [3000, "db:5432"],
  shutdownAction: "none",
  updateRemoteUserUID: true,
  hostRequirements: { cpus: 2, memory: "8gb", gpu: { cores: 1 } },
} as const;

describe("a metadata label", () => {
  it("is a list of entries or one entry, and gives back what was written", () => {
    const entries = [
      { id: "ghcr.io/x/y:1", entrypoint: "/e.sh", init: true },
      structuredClone(everything),
      { other: [1] },
    ];
    expect(parseMetadata(metadataLabel(entries as never))).toEqual({ entries });
    expect(parseMetadata('{"remoteUser":"dev"}')).toEqual({ entries: [{ remoteUser: "dev" }] });
  });

  it("may be missing or empty", () => {
    expect([undefined, "", "[]"].map(parseMetadata)).toEqual([{ entries: [] }, { entries: [] }, { entries: [] }]);
  });

  it.each([
    ["not JSON", "nonsense", "devcontainer.metadata cannot be read: it is not JSON"],
    ["a number", "7", "devcontainer.metadata: entry 1 is no map"],
    ["null", "null", "devcontainer.metadata: entry 1 is no map"],
    [
      "too deep",
      "[".repeat(200_000) + "]".repeat(200_000),
      "devcontainer.metadata cannot be read: it is nested more than 100 levels deep",
    ],
    ["too long", `"${"x".repeat(1024 * 1024)}"`, "devcontainer.metadata cannot be read: it is longer than 1 MiB"],
  ])("that is %s says nothing", (_what, label, problem) => {
    expect(parseMetadata(label)).toEqual({ entries: [], problem });
  });

  it("loses what has a wrong type and keeps the rest", () => {
    const label = JSON.stringify([
      { privileged: "yes", capAdd: "ALL", remoteUser: "dev", containerEnv: { A: "${localEnv}" } },
      1,
      { mounts: [{ type: "bind" }] },
    ]);
    expect(parseMetadata(label)).toEqual({
      entries: [{ remoteUser: "dev" }, {}],
      problem:
        "devcontainer.metadata: privileged of entry 1 has a wrong type and is left out; " +
        "capAdd of entry 1 has a wrong type and is left out; " +
        "containerEnv of entry 1 has a variable without a name and is left out; entry 2 is no map; " +
        "mounts of entry 3 has a wrong type and is left out",
    });
  });

  it.each([
    { init: "true" },
    { remoteUser: 0 },
    { postCreateCommand: [1] },
    { postCreateCommand: { a: { b: "c" } } },
    { waitFor: "nothing" },
    { customizations: [] },
    { mounts: "source=a,target=/a" },
    { mounts: [null] },
    { containerEnv: { A: null } },
    { containerEnv: null },
    { remoteEnv: { A: 1 } },
    { forwardPorts: [null] },
    { hostRequirements: { cpus: "2" } },
    { hostRequirements: { gpu: null } },
    { entrypoint: ["/e.sh"] },
  ])("cannot say %j", (entry) => {
    expect(parseMetadata(JSON.stringify([entry])).entries).toEqual([{}]);
  });

  it("does not change what every object has", () => {
    const { entries } = parseMetadata('[{"__proto__":{"privileged":true},"containerEnv":{"__proto__":"x"}}]');
    expect(entries[0]?.privileged).toBeUndefined();
    expect(Object.keys(entries[0]?.containerEnv ?? {})).toEqual(["__proto__"]);
  });
});

describe("the entry of a devcontainer.json", () => {
  it("holds what concerns whoever enters, as written, and nothing about how the container is made", () => {
    const config = {
      name: "n",
      image: "i",
      build: { dockerfile: "D" },
      features: {},
      workspaceFolder: "/w",
      workspaceMount: "",
      runArgs: ["--init"],
      appPort: 1,
      initializeCommand: "a",
      secrets: {},
      entrypoint: "/e.sh",
      other: 1,
    };
    expect(metadataEntryOf({ ...config, ...structuredClone(everything) } as never)).toEqual(everything);
  });

  it("is left out of the label when it says nothing", () => {
    expect(metadataLabel([metadataEntryOf({ image: "i" }), { init: true }, {}])).toBe('[{"init":true}]');
  });
});
