import { describe, expect, it } from "vitest";

import type { InspectRow } from "../../../src/drivers/engine/inspect-row.ts";
import type { Profile } from "../../../src/drivers/engine/profile.ts";
import { furtherFields } from "../../../src/drivers/engine/read-back-further.ts";
import type { ContainerSpec } from "../../../src/model/spec.ts";

const DOCKER = { kind: "docker" } as Profile;
const PODMAN = { kind: "podman", podman: { libpod: "5.8.6", capabilities: [] } } as unknown as Profile;

type Rows = { Config?: Partial<InspectRow["Config"]>; HostConfig?: Partial<InspectRow["HostConfig"]> };

/** What is read, without what is absent. */
function read({ Config = {}, HostConfig = {} }: Rows, asked: Partial<ContainerSpec> = {}, profile = DOCKER): object {
  const row = { Config, HostConfig: { NetworkMode: "none", ...HostConfig } } as InspectRow;
  return JSON.parse(JSON.stringify(furtherFields(row, profile, asked))) as object;
}

describe("the rarer members of a container read back", () => {
  it("are absent when an engine shows its own or its image's values", () => {
    expect(
      read({
        Config: { StopSignal: "SIGTERM", Labels: { vendor: "image", "devc.workspace": "acme" } },
        HostConfig: { ShmSize: 64 * 1024 ** 2, Init: false, Ulimits: [{ Name: "nofile", Soft: 1, Hard: 2 }] },
      }),
    ).toEqual({});
    expect(read({ Config: { StopSignal: 15 }, HostConfig: { ShmSize: 65_536_000, GroupAdd: [] } }, {}, PODMAN)).toEqual(
      {},
    );
  });

  it("are there when they were asked for, even when they are the defaults", () => {
    const asked: Partial<ContainerSpec> = {
      stopSignal: "TERM",
      shmSize: 65_536_000,
      labels: { vendor: "x", gone: "y" },
    };
    const rows = { Config: { StopSignal: "15", Labels: { vendor: "image" } }, HostConfig: { ShmSize: 65_536_000 } };
    expect(read(rows, asked, PODMAN)).toEqual({ stopSignal: "TERM", shmSize: 65_536_000, labels: { vendor: "image" } });
  });

  it("are there when somebody else asked for them", () => {
    expect(
      read({
        Config: { StopSignal: "SIGINT" },
        HostConfig: {
          Init: true,
          ShmSize: 1024,
          ExtraHosts: ["db:10.0.0.1", "six:fd00::1"],
          GroupAdd: ["4242"],
          ReadonlyRootfs: true,
          DeviceRequests: [{ Capabilities: [["gpu"]] }],
        },
      }),
    ).toEqual({
      init: true,
      gpus: "all",
      shmSize: 1024,
      extraHosts: { db: "10.0.0.1", six: "fd00::1" },
      groups: { "4242": true },
      stopSignal: "SIGINT",
      readOnlyRoot: true,
    });
  });

  it("have Podman's limits in Docker's words", () => {
    const Ulimits = [
      { Name: "RLIMIT_NOFILE", Soft: 1024, Hard: 2048 },
      { Name: "RLIMIT_CORE", Soft: 18_446_744_073_709_552_000, Hard: -1 },
      { Name: "RLIMIT_NPROC", Soft: 1, Hard: 1 },
    ];
    const ulimits = { nofile: { soft: 1, hard: 1 }, core: { soft: -1, hard: -1 } };
    expect(read({ HostConfig: { Ulimits } }, { ulimits }, PODMAN)).toEqual({
      ulimits: { nofile: { soft: 1024, hard: 2048 }, core: { soft: -1, hard: -1 } },
    });
  });
});
