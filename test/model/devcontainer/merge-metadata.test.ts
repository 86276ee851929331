import { describe, expect, it } from "vitest";

import type { DevcontainerConfig, MetadataEntry } from "../../../src/model/devcontainer/config.ts";
import { mergeMetadata } from "../../../src/model/devcontainer/merge-metadata.ts";
import { metadataEntryOf } from "../../../src/model/devcontainer/metadata.ts";

const NOTHING = {
  init: false,
  privileged: false,
  containerEnv: {},
  remoteEnv: {},
  portsAttributes: {},
  onCreateCommands: [],
  updateContentCommands: [],
  postCreateCommands: [],
  postStartCommands: [],
  postAttachCommands: [],
};

/** What the entries merge to besides what an empty list of them merges to. */
function merged(...entries: MetadataEntry[]): Record<string, unknown> {
  const all = Object.entries(mergeMetadata({}, entries));
  const plain = JSON.stringify;
  return Object.fromEntries(all.filter(([key, value]) => plain(value) !== plain(NOTHING[key as keyof typeof NOTHING])));
}

describe("merged metadata", () => {
  it("always has flags, environments and lists of commands", () => {
    expect(mergeMetadata({}, [])).toEqual(NOTHING);
  });

  it("keeps what of the file belongs to no label, and loses what became a list", () => {
    const config: DevcontainerConfig = {
      name: "n",
      image: "i",
      runArgs: ["-it"],
      initializeCommand: "x",
      workspaceMount: "",
      other: 1,
      postCreateCommand: "c",
      customizations: { a: 1 },
      shutdownAction: "none",
      capAdd: ["A"],
    };
    const { name, image, runArgs, initializeCommand, workspaceMount, other } = config;
    expect(mergeMetadata(config, [metadataEntryOf(config)])).toEqual({
      ...NOTHING,
      name,
      image,
      runArgs,
      initializeCommand,
      workspaceMount,
      other,
      postCreateCommands: ["c"],
      customizations: { a: [1] },
      shutdownAction: "none",
      capAdd: ["A"],
    });
  });

  it("has only what the entries say of what can be in a label", () => {
    const config: DevcontainerConfig = {
      image: "i",
      remoteUser: "dev",
      capAdd: ["A"],
      init: true,
      hostRequirements: { cpus: 1 },
    };
    expect(mergeMetadata(config, [])).toEqual({ ...NOTHING, image: "i" });
  });

  it.each(["init", "privileged"] as const)("has %s when anyone asks for it", (flag) => {
    expect(merged({ [flag]: true }, { [flag]: false })).toEqual({ [flag]: true });
    expect(merged({ [flag]: false }, {})).toEqual({});
  });

  it.each(["capAdd", "securityOpt"] as const)("has every %s once", (list) => {
    expect(merged({ [list]: ["A", "B"] }, {}, { [list]: ["B", "C"] })).toEqual({ [list]: ["A", "B", "C"] });
    expect(merged({ [list]: [] })).toEqual({});
  });

  it.each(["remoteUser", "containerUser", "userEnvProbe", "waitFor", "shutdownAction"])("has the last %s", (key) => {
    expect(merged({ [key]: "a" }, { [key]: "b" }, {})).toEqual({ [key]: "b" });
    expect(merged({ [key]: "a" }, { [key]: "" })).toEqual({ [key]: "a" });
  });

  it.each(["overrideCommand", "updateRemoteUserUID"])("has the last %s, which may be false", (key) => {
    expect(merged({ [key]: true }, { [key]: false }, {})).toEqual({ [key]: false });
    expect(merged({ [key]: false }, { [key]: true })).toEqual({ [key]: true });
  });

  it.each(["containerEnv", "remoteEnv", "portsAttributes"])("has the last value of each member of %s", (key) => {
    expect(merged({ [key]: { A: "1", B: "2" } }, { [key]: { B: "3", C: "4" } })).toEqual({
      [key]: { A: "1", B: "3", C: "4" },
    });
  });

  it("keeps a null of remoteEnv", () => {
    expect(merged({ remoteEnv: { A: "1" } }, { remoteEnv: { A: null } })).toEqual({ remoteEnv: { A: null } });
  });

  it("has the last otherPortsAttributes whole", () => {
    const [first, second] = [{ label: "a", protocol: "http" }, { onAutoForward: "ignore" }];
    expect(merged({ otherPortsAttributes: first }, { otherPortsAttributes: second })).toEqual({
      otherPortsAttributes: second,
    });
  });

  it.each(["onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand"])(
    "collects every %s in order, empty ones left out",
    (key) => {
      expect(merged({ [key]: "a" }, { [key]: "" }, { [key]: ["b"] }, { [key]: { c: "d" } })).toEqual({
        [`${key}s`]: ["a", ["b"], { c: "d" }],
      });
    },
  );

  it("collects entrypoints", () => {
    expect(merged({ entrypoint: "/a" }, {}, { entrypoint: "/b" })).toEqual({ entrypoints: ["/a", "/b"] });
  });

  it("collects what is said for each tool", () => {
    const entries: MetadataEntry[] = [
      { customizations: { vscode: { a: 1 }, constructor: 1 } },
      {},
      { customizations: { vscode: "b", devc: {} } },
    ];
    expect(merged(...entries)).toEqual({
      customizations: { vscode: [{ a: 1 }, "b"], constructor: [1], devc: [{}] },
    });
  });

  it("has of several mounts at one place the last, where it stands", () => {
    const object = { type: "volume", source: "x", target: "/a" };
    expect(
      merged(
        { mounts: ["source=1,target=/a", "src=2,dst=/b", "type=tmpfs,destination=/c"] },
        { mounts: [object, "source=3,target=/d"] },
        { mounts: ["type=bind,source=4,dst=/c"] },
      ),
    ).toEqual({ mounts: ["src=2,dst=/b", object, "source=3,target=/d", "type=bind,source=4,dst=/c"] });
  });

  it("has every forwarded port once, a local one as a number", () => {
    expect(
      merged({ forwardPorts: [3000, "db:5432"] }, { forwardPorts: ["localhost:3000", "localhost:4000", 5000, "x"] }),
    ).toEqual({ forwardPorts: [3000, "db:5432", 4000, 5000, "x"] });
  });

  it("does not change what every object has", () => {
    const entry = JSON.parse('{"containerEnv":{"__proto__":"x"},"customizations":{"__proto__":{}}}') as MetadataEntry;
    const result = mergeMetadata({}, [entry]);
    expect(Object.keys(result.containerEnv)).toEqual(["__proto__"]);
    expect(Object.keys(result.customizations ?? {})).toEqual(["__proto__"]);
  });
});

describe("merged host requirements", () => {
  function requirements(...all: NonNullable<MetadataEntry["hostRequirements"]>[]): unknown {
    return merged(...all.map((hostRequirements) => ({ hostRequirements }))).hostRequirements;
  }

  it("are the largest of each, sizes in bytes", () => {
    expect(requirements({ cpus: 2, memory: "1gb" }, { cpus: 1, memory: "2048mb", storage: "1tb" }, {})).toEqual({
      cpus: 2,
      memory: `${2 ** 31}`,
      storage: `${2 ** 40}`,
    });
    expect(requirements({ memory: "5" }, { memory: "4kb" }, { memory: "8 GB" })).toEqual({ cpus: 0, memory: "4096" });
  });

  it("are absent when nothing is required", () => {
    expect(requirements({}, { gpu: false, memory: "0" })).toBeUndefined();
  });

  it("of which the last word on GPUs is false say nothing of them, unless it is the file's", () => {
    expect(merged({ hostRequirements: { cpus: 1, gpu: false } }, {})).toEqual({ hostRequirements: { cpus: 1 } });
    expect(requirements({}, { cpus: 1, gpu: false })).toEqual({ cpus: 1, gpu: false });
  });

  it.each([
    [[true], true],
    [["optional"], "optional"],
    [[true, false], true],
    [[false, "optional"], "optional"],
    [["optional", false], "optional"],
    [["optional", "optional"], "optional"],
    [[true, "optional"], {}],
    [[true, true], {}],
    [["optional", { cores: 2 }], { cores: 2 }],
    [
      [
        { cores: 2, memory: "1gb" },
        { cores: 1, memory: "2gb" },
      ],
      { cores: 2, memory: `${2 ** 31}` },
    ],
  ] as const)("of GPUs %j are %j", (gpus, expected) => {
    expect(requirements(...gpus.map((gpu) => ({ gpu })))).toEqual({ cpus: 0, gpu: expected });
  });
});
