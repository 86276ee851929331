import { expect, test } from "vitest";

import { readConfiguration } from "../../../src/model/devcontainer/read-configuration.ts";
import { imageFacts, LOCAL_ENV, located } from "../../support/devcontainer.ts";

// That the whole document is what the reference CLI prints is tested against it, in test/interop.

const RAW = {
  containerEnv: { T: "${localEnv:TOKEN}", I: "${devcontainerId}" },
  remoteEnv: { P: "${containerEnv:PATH}" },
};

test("variables of the host and of folders are put in, those of a container stand as written", () => {
  const images = {
    debian: imageFacts([{ containerEnv: { W: "${containerWorkspaceFolder}" }, onCreateCommand: "true" }]),
  };
  const document = readConfiguration(located(RAW), images, LOCAL_ENV);
  const file = "/srv/acme/web/.devcontainer/devcontainer.json";
  const configuration = {
    image: "debian",
    containerEnv: { T: "s3cret", I: "${devcontainerId}" },
    remoteEnv: { P: "${containerEnv:PATH}" },
    configFilePath: { $mid: 1, fsPath: file, path: file, scheme: "vscode-fileHost" },
  };
  expect(document).toEqual({
    configuration,
    workspace: {
      workspaceFolder: "/workspaces/web",
      workspaceMount: "type=bind,source=/srv/acme/web,target=/workspaces/web",
    },
    mergedConfiguration: {
      ...configuration,
      init: false,
      privileged: false,
      containerEnv: { W: "/workspaces/web", ...configuration.containerEnv },
      portsAttributes: {},
      onCreateCommands: ["true"],
      updateContentCommands: [],
      postCreateCommands: [],
      postStartCommands: [],
      postAttachCommands: [],
    },
  });
});

test("a file in another place than the well-known ones is one that tools must be told", () => {
  const configPath = "/srv/acme/web/.devcontainer/python/devcontainer.json";
  const { configuration } = readConfiguration(located({}, { configPath }), {}, {});
  expect(configuration.configFilePath.scheme).toBe("file");
});

test.each([
  [["debian"], ["image"]],
  [["debian", "golang"], []],
  [[], []],
])("a Dockerfile that starts from %j has the metadata of %j", (bases, expected) => {
  const build = {
    dockerfile: { path: "Dockerfile" },
    args: {},
    cacheFrom: [],
    secrets: {},
    labels: {},
    extraHosts: {},
    inputs: "i",
  };
  const images = { debian: imageFacts([{ onCreateCommand: "image" }]), golang: null };
  const { mergedConfiguration } = readConfiguration(located({}, { build: { ...build, bases } }), images, {});
  expect(mergedConfiguration.onCreateCommands).toEqual(expected);
});
