import path from "node:path";

import { describe, expect, it } from "vitest";

import { representativeEngines } from "../support/engines.ts";
import { createScenario } from "../support/scenario.ts";

const IMAGE = "debian:bookworm-slim";
const FILE = "web/.devcontainer/devcontainer.json";

/** What of an inspect (GET /containers/{id}/json) decides how far a container reaches. */
type Inspect = {
  HostConfig: {
    Privileged: boolean;
    CapAdd: string[] | null;
    SecurityOpt: string[] | null;
    NetworkMode: string;
    PidMode: string;
    IpcMode: string;
    UsernsMode: string;
    Devices: unknown[] | null;
    Runtime: string;
  };
  Mounts: { Source: string; Destination: string }[];
};

/** A file that asks for the host. */
const EVERYTHING = {
  image: IMAGE,
  privileged: true,
  capAdd: ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"],
  securityOpt: ["seccomp=unconfined", "apparmor=unconfined"],
  mounts: [
    "type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock",
    "type=bind,source=/,target=/host",
    "type=bind,source=${localWorkspaceFolder}/..,target=/around",
  ],
  runArgs: [
    "--network=host",
    "--pid=host",
    "--ipc=host",
    "--userns=host",
    "--device=/dev/kmsg",
    "-v",
    "/etc:/host-etc",
  ],
};

describe.each(representativeEngines)("a devcontainer.json that asks for the host on $name", ({ endpoint }) => {
  it("gets what the profile has, and the plan names the rest", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest("projects:\n  web: { path: web }\n");
    await scenario.write(FILE, JSON.stringify(EVERYTHING));
    const { notices } = await scenario.plan();
    const refused = notices.filter(({ code }) => code === "not-granted").map(({ message }) => message);
    for (const what of [
      /privileged/,
      /SYS_ADMIN/,
      /NET_ADMIN/,
      /SYS_PTRACE/,
      /seccomp=unconfined/,
      /apparmor=unconfined/,
      /docker\.sock/,
      /host path \/( |$|,)/,
      /network host/,
      /--pid host/,
      /--ipc host/,
      /--userns host/,
      /--device \/dev\/kmsg/,
      /host path \/etc/,
    ]) {
      expect(
        refused.filter((message) => what.test(message)).length,
        `${what} in ${refused.join("\n")}`,
      ).toBeGreaterThan(0);
    }
    await scenario.apply();
    const { Id } = await scenario.container("web");
    const { HostConfig, Mounts } = (await scenario.api("GET", `/containers/${Id}/json`)) as Inspect;
    expect(HostConfig.Privileged).toBe(false);
    expect((HostConfig.SecurityOpt ?? []).filter((option) => option.includes("unconfined"))).toEqual([]);
    expect([HostConfig.NetworkMode, HostConfig.PidMode, HostConfig.IpcMode, HostConfig.UsernsMode]).not.toContain(
      "host",
    );
    expect(HostConfig.Devices ?? []).toEqual([]);
    // `..` of the project's folder is the workspace, which may be given.
    expect(Mounts.map(({ Source, Destination }) => [Source, Destination]).toSorted()).toEqual([
      [scenario.root, "/around"],
      [path.join(scenario.root, "web"), "/workspaces/web"],
    ]);
    expect(await scenario.inside("web", "grep CapEff /proc/1/status")).toBe("CapEff:\t00000000000405fb\n");
    await scenario.expectConverged();
  });

  it("is given what devc.yaml grants in its stead", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest("projects:\n  web: { path: web, capabilities: { add: [SYS_PTRACE] } }\n");
    await scenario.write(FILE, JSON.stringify({ image: IMAGE, capAdd: ["SYS_PTRACE"] }));
    expect((await scenario.plan()).notices.filter(({ code }) => code === "not-granted")).toEqual([]);
    await scenario.apply();
    expect(await scenario.inside("web", "grep CapEff /proc/1/status")).toBe("CapEff:\t00000000000c05fb\n");
  });
});
