import { expect, test } from "vitest";

import type { DevcontainerConfig, MetadataEntry } from "../../../src/model/devcontainer/config.ts";
import { originsOfDevcontainer } from "../../../src/model/devcontainer/origins.ts";
import type { ManifestProject } from "../../../src/model/manifest.ts";
import { devcontainerProject, imageFacts, located, surroundings } from "../../support/devcontainer.ts";

function origins(
  raw: DevcontainerConfig,
  image: MetadataEntry[] = [],
  project: Partial<ManifestProject> = {},
  places: Record<string, string> = {},
) {
  const given = devcontainerProject(located(raw), "moderate", project);
  const around = surroundings({ images: { debian: imageFacts(image) } });
  return originsOfDevcontainer("acme", given, undefined, around, places);
}

test("what nobody says is the profile's or the default", () => {
  const { "capabilities.KILL": kill, ...found } = origins({});
  const rest = Object.entries(found).filter(([key]) => !key.startsWith("capabilities."));
  expect(kill).toBe("profile moderate");
  expect(Object.fromEntries(rest)).toEqual({
    image: "web.json",
    command: "default",
    hostname: "default",
    workdir: "default",
    "mounts./workspaces/web": "default",
    network: "profile moderate",
    "resources.memory": "profile moderate",
    "resources.cpus": "profile moderate",
    "resources.pids": "profile moderate",
    workspaceFolder: "default",
    remoteUser: "default",
    userEnvProbe: "default",
    waitFor: "default",
    updateRemoteUserUID: "default",
  });
});

test("each value of the file, of runArgs and of the image has its place", () => {
  const found = origins(
    {
      containerEnv: { A: "1" },
      runArgs: [
        "-e",
        "B=2",
        "-m",
        "1g",
        "--cpus",
        "99",
        "--network",
        "none",
        "--ulimit",
        "nice=1",
        "--ulimit",
        "nofile=1",
      ],
      remoteEnv: { R: "1" },
      onCreateCommand: "x",
      postStartCommand: "",
      mounts: ["source=c,target=/c"],
      securityOpt: ["no-new-privileges"],
    },
    [{ init: true, remoteUser: "dev", containerEnv: { A: "0", C: "3" }, onCreateCommand: "y", overrideCommand: true }],
  );
  expect(found).toMatchObject({
    "env.A": "web.json:2",
    "env.B": "web.json:3",
    "env.C": "image metadata",
    "resources.memory": "web.json:3",
    "resources.cpus": "profile moderate",
    network: "web.json:3",
    "ulimits.nofile": "web.json:3",
    "remoteEnv.R": "web.json:4",
    "hooks.onCreate[0]": "image metadata",
    "hooks.onCreate[1]": "web.json:5",
    "mounts./c": "web.json:7",
    noNewPrivileges: "web.json:8",
    init: "image metadata",
    remoteUser: "image metadata",
    command: "image metadata",
  });
  expect(Object.keys(found)).not.toEqual(expect.arrayContaining(["ulimits.nice"]));
  expect(Object.keys(found)).not.toEqual(expect.arrayContaining(["hooks.postStart[0]"]));
});

test("what the manifest's entry says has the manifest's place", () => {
  const found = origins(
    { containerEnv: { A: "1" }, containerUser: "dev", mounts: ["type=tmpfs,target=/t"] },
    [],
    { env: { A: "2" }, user: "root", runtime: "runsc", mounts: { "/t": { type: "tmpfs" } } },
    { "env.A": "devc.yaml:5", "mounts./t": "devc.yaml:6", user: "devc.yaml:7", "resources.memory": "devc.yaml:8" },
  );
  expect(found).toMatchObject({
    "env.A": "devc.yaml:5",
    "mounts./t": "devc.yaml:6",
    user: "devc.yaml:7",
    remoteUser: "devc.yaml:7",
    runtime: "devc.yaml",
    "resources.memory": "devc.yaml:8",
  });
});
