import { describe, expect, it } from "vitest";

import { limitsOfProcess } from "../../../src/drivers/engine/cgroup.ts";

const ID = "a".repeat(64);

function reader(files: Record<string, string>) {
  return (path: string) => files[path];
}

const V1 = {
  "/proc/7/cgroup": `12:pids:/libpod_parent/libpod-${ID}\n6:cpu,cpuacct:/libpod_parent/libpod-${ID}\n4:memory:/libpod_parent/libpod-${ID}\n0::/\n`,
  [`/sys/fs/cgroup/memory/libpod_parent/libpod-${ID}/memory.limit_in_bytes`]: "268435456\n",
  [`/sys/fs/cgroup/cpu/libpod_parent/libpod-${ID}/cpu.cfs_quota_us`]: "33000\n",
  [`/sys/fs/cgroup/cpu/libpod_parent/libpod-${ID}/cpu.cfs_period_us`]: "100000\n",
  [`/sys/fs/cgroup/pids/libpod_parent/libpod-${ID}/pids.max`]: "100\n",
};
const V2 = {
  "/proc/7/cgroup": `0::/user.slice/libpod-${ID}.scope/container\n`,
  [`/sys/fs/cgroup/user.slice/libpod-${ID}.scope/memory.max`]: "268435456\n",
  [`/sys/fs/cgroup/user.slice/libpod-${ID}.scope/cpu.max`]: "33000 100000\n",
  [`/sys/fs/cgroup/user.slice/libpod-${ID}.scope/pids.max`]: "100\n",
};
const LIMITS = { memory: 268_435_456, nanoCpus: 330_000_000, pids: 100 };

describe("limits of a process", () => {
  it.each([
    ["version 1", V1],
    ["version 2, above the group that crun adds", V2],
  ])("come from its control group: %s", (_title, files) => {
    expect(limitsOfProcess(reader(files), 7, ID)).toEqual(LIMITS);
  });

  it("are absent where the kernel has none", () => {
    const v1 = {
      ...V1,
      [`/sys/fs/cgroup/memory/libpod_parent/libpod-${ID}/memory.limit_in_bytes`]: "9223372036854771712\n",
      [`/sys/fs/cgroup/cpu/libpod_parent/libpod-${ID}/cpu.cfs_quota_us`]: "-1\n",
      [`/sys/fs/cgroup/pids/libpod_parent/libpod-${ID}/pids.max`]: "max\n",
    };
    expect(limitsOfProcess(reader(v1), 7, ID)).toEqual({});
    const group = `/sys/fs/cgroup/user.slice/libpod-${ID}.scope`;
    const v2 = {
      ...V2,
      [`${group}/memory.max`]: "max\n",
      [`${group}/cpu.max`]: "max 100000\n",
      [`${group}/pids.max`]: "max\n",
    };
    expect(limitsOfProcess(reader(v2), 7, ID)).toEqual({});
  });

  it("are unknown when the process is gone, belongs to something else, or a file cannot be read", () => {
    expect(limitsOfProcess(reader({}), 7, ID)).toBeUndefined();
    expect(limitsOfProcess(reader(V1), 7, "b".repeat(64))).toBeUndefined();
    const { [`/sys/fs/cgroup/pids/libpod_parent/libpod-${ID}/pids.max`]: _gone, ...rest } = V1;
    expect(limitsOfProcess(reader(rest), 7, ID)).toBeUndefined();
  });
});
