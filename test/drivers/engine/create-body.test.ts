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
  workdir: "/box",
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

const FURTHER: ContainerSpec = {
  ...BARE,
  init: true,
  gpus: "all",
  shmSize: 4096,
  ulimits: { nofile: { soft: 1, hard: 2 }, core: { soft: -1, hard: -1 } },
  extraHosts: { db: "10.0.0.1", six: "fd00::1" },
  groups: { audio: true, "4242": true },
  labels: { own: "1", k: "evil" },
  stopSignal: "SIGRTMIN+3",
  readOnlyRoot: true,
};

const podmanBody = (...args: Parameters<typeof podmanSpec>): unknown => JSON.parse(podmanSpec(...args));
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
      WorkingDir: "/box",
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
    expect(podmanBody(request(BARE), DEFAULTS)).toEqual({
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
    expect(podmanBody(request(FULL), DEFAULTS)).toMatchObject({
      entrypoint: ["sleep"],
      command: ["infinity"],
      env: { A: "1", B: "x=y" },
      user: "1000",
      work_dir: "/box",
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

describe("the rarer members of a spec", () => {
  it("are Docker's in its words, and no label of devc is replaced", () => {
    expect(createBody(request(FURTHER), { manyNetworks: true })).toMatchObject({
      Labels: { own: "1", k: "v" },
      StopSignal: "SIGRTMIN+3",
      HostConfig: {
        Init: true,
        DeviceRequests: [{ Count: -1, Capabilities: [["gpu"]] }],
        ShmSize: 4096,
        Ulimits: [
          { Name: "nofile", Soft: 1, Hard: 2 },
          { Name: "core", Soft: -1, Hard: -1 },
        ],
        ExtraHosts: ["db:10.0.0.1", "six:fd00::1"],
        GroupAdd: ["4242", "audio"],
        ReadonlyRootfs: true,
      },
    });
  });

  it("are Podman's in its words, with the kernel's number for no limit", () => {
    expect(podmanBody(request(FURTHER), [])).toMatchObject({
      labels: { own: "1", k: "v" },
      stop_signal: 37,
      init: true,
      devices: [{ path: "nvidia.com/gpu=all" }],
      shm_size: 4096,
      hostadd: ["db:10.0.0.1", "six:fd00::1"],
      groups: ["4242", "audio"],
      read_only_filesystem: true,
    });
    expect(podmanSpec(request(FURTHER), [])).toContain(
      '"r_limits":[{"type":"nofile","soft":1,"hard":2},{"type":"core","soft":18446744073709551615,"hard":18446744073709551615}]',
    );
    expect(podmanSpec(request(BARE), [])).not.toContain("r_limits");
  });

  it("need a signal that there is", () => {
    expect(() => podmanSpec(request({ ...BARE, stopSignal: "SIGNOPE" }), [])).toThrow("there is no signal SIGNOPE");
  });
});
