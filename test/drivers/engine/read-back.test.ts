import { describe, expect, it } from "vitest";

import type { InspectRow } from "../../../src/drivers/engine/inspect-row.ts";
import type { Profile } from "../../../src/drivers/engine/profile.ts";
import { limitsOf, readBack } from "../../../src/drivers/engine/read-back.ts";
import type { ContainerSpec } from "../../../src/model/spec.ts";

const ID = "abcdef012345".padEnd(64, "0");
const FACTS = {
  id: "i",
  name: "x",
  version: "1",
  apiVersion: "1.41",
  cpus: 2,
  memory: 1,
  os: "linux",
  architecture: "x",
  gpu: false,
};
const DOCKER: Profile = { kind: "docker", facts: FACTS, defaultRuntime: "runc" };
const PODMAN: Profile = {
  kind: "podman",
  facts: FACTS,
  defaultRuntime: "crun",
  podman: { libpod: "5.8.6", capabilities: ["CHOWN", "KILL"] },
};

type Over = { Config?: object; HostConfig?: object; Mounts?: InspectRow["Mounts"]; Networks?: object };

function row({ Config = {}, HostConfig = {}, Mounts = [], Networks = {} }: Over): InspectRow {
  return {
    Id: ID,
    Name: "/web",
    Created: "2026-11-24T21:33:29.117855885Z",
    Image: "sha256:1",
    State: {
      Status: "exited",
      Running: false,
      Paused: false,
      Pid: 0,
      ExitCode: 3,
      Error: "",
      StartedAt: "2026-11-24T21:33:29Z",
      FinishedAt: "2026-11-24T21:33:30Z",
    },
    Config: { Hostname: ID.slice(0, 12), ...Config },
    HostConfig: { NetworkMode: "none", ...HostConfig },
    Mounts,
    NetworkSettings: { Networks: Networks as Record<string, { Aliases: string[] }> },
  };
}

const spec = (over: Over, profile = DOCKER): ContainerSpec => readBack(row(over), profile, new Map()).spec;
const asked = (wanted: Partial<ContainerSpec>) => ({ Labels: { "devc.spec": JSON.stringify(wanted) } });

describe("a container read back", () => {
  it("is its image and no network when nothing else was asked for", () => {
    expect(spec({})).toEqual({ image: "sha256:1", network: { mode: "none" } });
    expect(spec({ Config: { WorkingDir: "/" }, HostConfig: { Runtime: "oci" } }, PODMAN)).toEqual({
      image: "sha256:1",
      network: { mode: "none" },
    });
  });

  it("has its exit code, creation time and the reference of its label", () => {
    const detail = readBack(row({ Config: { Labels: { "devc.image": "debian" } } }), DOCKER, new Map());
    expect(detail).toMatchObject({ exitCode: 3, error: "", spec: { image: "debian" } });
    expect(detail.container).toMatchObject({
      name: "web",
      state: "exited",
      health: "none",
      createdAt: 1_795_556_009_117,
    });
  });

  it("keeps values with equals signs and empty ones", () => {
    expect(spec({ Config: { Env: ["A=b=c", "E=", "BARE"] } }).env).toEqual({ A: "b=c", E: "", BARE: "" });
  });

  it("has a host name only when it is not made from the ID, and a working folder that is not the root", () => {
    expect(spec({ Config: { Hostname: "box", WorkingDir: "/box" } })).toMatchObject({
      hostname: "box",
      workdir: "/box",
    });
    expect(spec({ Config: { WorkingDir: "/", ...asked({ workdir: "/" }) } }).workdir).toBe("/");
  });

  it("has mounts as they were asked for, without anonymous volumes", () => {
    const mount = (Type: string, Destination: string, RW: boolean, more: object) => ({
      Type,
      Destination,
      RW,
      ...more,
    });
    expect(
      spec({
        HostConfig: {
          Mounts: [{ Type: "bind", Source: "/srv", Target: "/b" }],
          Tmpfs: { "/t": "rw,size=4096,mode=1777", "/u": "" },
        },
        Mounts: [
          mount("volume", "/v", false, { Name: "data" }),
          mount("volume", "/x", true, { Name: "f".repeat(64) }),
          mount("bind", "/b", true, { Source: "/host_mnt/srv" }),
        ],
      }).mounts,
    ).toEqual({
      "/v": { type: "volume", source: "data", readOnly: true },
      "/b": { type: "bind", source: "/srv" },
      "/t": { type: "tmpfs", size: 4096 },
      "/u": { type: "tmpfs" },
    });
  });

  it("has its aliases without those the engine adds", () => {
    const Networks = { net: { Aliases: ["db", ID.slice(0, 12), "box", "web"] }, other: { Aliases: null } };
    expect(spec({ Config: { Hostname: "box" }, Networks }).network).toEqual({
      mode: "bridge",
      networks: { net: { aliases: ["db"] }, other: {} },
    });
    const wanted = asked({ network: { mode: "bridge", networks: { net: { aliases: ["box"] } } } });
    expect(spec({ Config: { Hostname: "box", ...wanted }, Networks }).network).toMatchObject({
      networks: { net: { aliases: ["db", "box"] } },
    });
  });

  it("has capabilities in the normal form, whichever way the engine spells them", () => {
    expect(spec({ HostConfig: { CapAdd: ["CAP_CHOWN"], CapDrop: ["ALL"] } }).capabilities).toEqual({
      drop: { ALL: true },
      add: { CHOWN: true },
    });
    const wanted = { drop: { ALL: true as const }, add: { CHOWN: true as const } };
    const shown = { CapAdd: [], CapDrop: ["CAP_KILL"] };
    expect(spec({ HostConfig: shown, Config: asked({ capabilities: wanted }) }, PODMAN).capabilities).toEqual(wanted);
  });

  it.each([["no-new-privileges"], ["no-new-privileges:true"], ["no-new-privileges=true"]])("sees %s", (option) => {
    expect(spec({ HostConfig: { SecurityOpt: [option] } }).noNewPrivileges).toBe(true);
    expect(spec({ HostConfig: { SecurityOpt: ["no-new-privileges:false"] } })).not.toHaveProperty("noNewPrivileges");
  });

  it("has a runtime when it is another one than the engine's, or when the engine's was asked for", () => {
    expect(spec({ HostConfig: { Runtime: "runsc" } }).runtime).toBe("runsc");
    expect(spec({ HostConfig: { Runtime: "runc" } })).not.toHaveProperty("runtime");
    expect(spec({ HostConfig: { Runtime: "runc" }, Config: asked({ runtime: "runc" }) }).runtime).toBe("runc");
    expect(spec({ HostConfig: { Runtime: "oci" }, Config: asked({ runtime: "crun" }) }, PODMAN).runtime).toBe("crun");
  });

  it("is not misled by a label that is no spec", () => {
    for (const text of ["{", "null", "[]", '"x"']) {
      expect(spec({ Config: { Labels: { "devc.spec": text } } }).network).toEqual({ mode: "none" });
    }
  });
});

describe("limits in the engine's record", () => {
  it.each([
    [{}, {}],
    [{ Memory: 0, NanoCpus: 0, PidsLimit: null }, {}],
    [{ PidsLimit: 0 }, {}],
    [{ PidsLimit: -1 }, {}],
    [
      { Memory: 1024, NanoCpus: 5e8, PidsLimit: 7 },
      { memory: 1024, nanoCpus: 5e8, pids: 7 },
    ],
    [{ CpuQuota: 33_000, CpuPeriod: 100_000 }, { nanoCpus: 330_000_000 }],
    [{ CpuQuota: 50_000 }, { nanoCpus: 500_000_000 }],
    [{ CpuQuota: 25_000, CpuPeriod: 50_000, NanoCpus: 1 }, { nanoCpus: 500_000_000 }],
    [{ CpuQuota: -1, CpuPeriod: 100_000 }, {}],
  ])("%j are %j", (config, limits) => {
    expect(limitsOf({ NetworkMode: "none", ...config })).toEqual(limits);
  });

  it("keep a share of a CPU that is finer than a quota can say", () => {
    const config = { NetworkMode: "none", CpuQuota: 33_333, CpuPeriod: 100_000 };
    expect(limitsOf(config, { nanoCpus: 333_333_333 })).toEqual({ nanoCpus: 333_333_333 });
    expect(limitsOf(config, { nanoCpus: 400_000_000 })).toEqual({ nanoCpus: 333_330_000 });
  });
});
