import { describe, expect, it } from "vitest";

import { createBody } from "../../../src/drivers/engine/create-body.ts";
import { podmanLimits, podmanSpec, quotaOf } from "../../../src/drivers/engine/podman-spec.ts";
import type { ContainerSpec } from "../../../src/model/spec.ts";

const BARE: ContainerSpec = { image: "debian", network: { mode: "none" } };
const FULL: ContainerSpec = {
  image: "debian",
  entrypoint: ["sleep"],
  command: ["infinity"],
  env: { A: "1", B: "x=y" },
  user: "1000",
  workdir: "/work",
  hostname: "box",
  mounts: {
    "/rw": { type: "bind", source: "/srv" },
    "/ro": { type: "bind", source: "/srv", readOnly: true },
    "/data": { type: "volume", source: "data" },
    "/tmp": { type: "tmpfs", size: 1024 },
  },
  network: { mode: "bridge", networks: { b: {}, a: { aliases: ["db"] } } },
  capabilities: { drop: { ALL: true }, add: { CHOWN: true } },
  noNewPrivileges: true,
  runtime: "runsc",
  resources: { memory: 1024, nanoCpus: 500_000_000, pids: 10 },
};

const request = (spec: ContainerSpec) => ({ name: "n", imageId: "sha256:1", labels: { k: "v" }, spec });

describe("Docker's create body", () => {
  it("says what must not depend on the engine's defaults", () => {
    expect(createBody(request(BARE), { manyNetworks: true })).toEqual({
      Image: "sha256:1",
      Labels: { k: "v" },
      HostConfig: { NetworkMode: "none", RestartPolicy: { Name: "no" }, Init: false, PidsLimit: -1, Mounts: [] },
      NetworkingConfig: { EndpointsConfig: {} },
    });
  });

  it("carries every field of a spec", () => {
    expect(createBody(request(FULL), { manyNetworks: true })).toEqual({
      Image: "sha256:1",
      Labels: { k: "v" },
      Entrypoint: ["sleep"],
      Cmd: ["infinity"],
      Env: ["A=1", "B=x=y"],
      User: "1000",
      WorkingDir: "/work",
      Hostname: "box",
      HostConfig: {
        NetworkMode: "a",
        RestartPolicy: { Name: "no" },
        Init: false,
        Memory: 1024,
        MemorySwap: 1024,
        NanoCpus: 500_000_000,
        PidsLimit: 10,
        CapAdd: ["CHOWN"],
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        Runtime: "runsc",
        Tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,mode=1777,size=1024" },
        Mounts: [
          { Type: "bind", Source: "/srv", Target: "/rw" },
          { Type: "bind", Source: "/srv", Target: "/ro", ReadOnly: true, BindOptions: { NonRecursive: true } },
          { Type: "volume", Source: "data", Target: "/data" },
        ],
      },
      NetworkingConfig: { EndpointsConfig: { a: { Aliases: ["db"] }, b: {} } },
    });
  });

  it("leaves further networks to later calls where the engine takes only one", () => {
    expect(createBody(request(FULL), { manyNetworks: false })).toMatchObject({
      NetworkingConfig: { EndpointsConfig: { a: { Aliases: ["db"] } } },
    });
  });
});

describe("Podman's create body", () => {
  const DEFAULTS = ["CHOWN", "KILL"];

  it("says what must not depend on the engine's defaults", () => {
    expect(podmanSpec(request(BARE), DEFAULTS)).toEqual({
      name: "n",
      image: "sha256:1",
      labels: { k: "v" },
      cap_add: [],
      cap_drop: [],
      mounts: [],
      volumes: [],
      image_volume_mode: "anonymous",
      resource_limits: { pids: { limit: -1 } },
      netns: { nsmode: "none" },
      umask: "0022",
      systemd: "false",
      init: false,
      restart_policy: "no",
    });
  });

  it("carries every field of a spec", () => {
    expect(podmanSpec(request(FULL), DEFAULTS)).toMatchObject({
      entrypoint: ["sleep"],
      command: ["infinity"],
      env: { A: "1", B: "x=y" },
      user: "1000",
      work_dir: "/work",
      hostname: "box",
      no_new_privileges: true,
      cap_add: [],
      cap_drop: ["KILL"],
      mounts: [
        { type: "bind", source: "/srv", destination: "/rw", options: ["rbind", "rw"] },
        { type: "bind", source: "/srv", destination: "/ro", options: ["bind", "ro"] },
        {
          type: "tmpfs",
          destination: "/tmp",
          options: ["rw", "noexec", "nosuid", "nodev", "mode=1777", "size=1024", "notmpcopyup"],
        },
      ],
      volumes: [{ Name: "data", Dest: "/data", Options: ["rw"] }],
      resource_limits: {
        memory: { limit: 1024, swap: 1024 },
        cpu: { quota: 50_000, period: 100_000 },
        pids: { limit: 10 },
      },
      netns: { nsmode: "bridge" },
      networks: { a: { aliases: ["db"] }, b: {} },
    });
  });

  it("has a quota for every share of a CPU, and no limit where there is none", () => {
    expect([1e9, 330_000_000, 10_000_000, 2.5e9].map(quotaOf)).toEqual([100_000, 33_000, 1_000, 250_000]);
    expect(podmanLimits({})).toEqual({ pids: { limit: -1 } });
  });
});
