import { describe, expect, it } from "vitest";

import { testEngines } from "../support/engines.ts";
import { createScenario } from "../support/scenario.ts";
import type { Scenario } from "../support/scenario.ts";

const GIB = 2 ** 30;

/** Bits of linux/capability.h. */
const BIT = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  FOWNER: 3,
  FSETID: 4,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  NET_BIND_SERVICE: 10,
  NET_ADMIN: 12,
  NET_RAW: 13,
  SYS_CHROOT: 18,
  SYS_PTRACE: 19,
  MKNOD: 27,
  AUDIT_WRITE: 29,
  SETFCAP: 31,
} as const;

type Capability = keyof typeof BIT;

const MODERATE: Capability[] = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "NET_BIND_SERVICE",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];
const PERMISSIVE: Capability[] = [...MODERATE, "AUDIT_WRITE", "MKNOD", "NET_ADMIN", "NET_RAW", "SETFCAP", "SYS_PTRACE"];

/** Reads what the kernel enforces on process 1, in a sandbox on cgroup v1 or v2. */
const PROBE = `
grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs|Seccomp):' /proc/1/status | tr -d '\\t'
echo "interfaces:$(ls /sys/class/net | sort | tr '\\n' ' ')"
if [ -f /sys/fs/cgroup/memory.max ]; then
  echo "memory:$(cat /sys/fs/cgroup/memory.max)"
  echo "cpu:$(cat /sys/fs/cgroup/cpu.max)"
  echo "pids:$(cat /sys/fs/cgroup/pids.max)"
else
  echo "memory:$(cat /sys/fs/cgroup/memory/memory.limit_in_bytes)"
  echo "cpu:$(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us) $(cat /sys/fs/cgroup/cpu/cpu.cfs_period_us)"
  echo "pids:$(cat /sys/fs/cgroup/pids/pids.max)"
fi
`;

/** What the kernel enforces, in plain values; no cap is Infinity. */
type Enforced = {
  capabilities: Capability[];
  otherCapabilities: bigint;
  noNewPrivileges: boolean;
  seccompFilter: boolean;
  interfaces: string[];
  memory: number;
  cpus: number;
  pids: number;
};

async function enforced(scenario: Scenario, project: string): Promise<Enforced> {
  const lines = (await scenario.inside(project, PROBE)).trim().split("\n");
  const values = Object.fromEntries(lines.map((line) => line.split(/:(.*)/s) as [string, string]));
  const read = (key: string): string => {
    const value = values[key];
    if (value === undefined) throw new Error(`the probe printed no ${key}: ${lines.join("; ")}`);
    return value.trim();
  };
  const bounding = BigInt(`0x${read("CapBnd")}`);
  expect([read("CapEff"), read("CapPrm")], "effective and permitted are the bounding set").toEqual([
    read("CapBnd"),
    read("CapBnd"),
  ]);
  const known = Object.entries(BIT).filter(([, bit]) => (bounding >> BigInt(bit)) & 1n) as [Capability, number][];
  const [quota, period] = read("cpu").split(" ") as [string, string];
  return {
    capabilities: known.map(([name]) => name).toSorted(),
    otherCapabilities: known.reduce((rest, [, bit]) => rest & ~(1n << BigInt(bit)), bounding),
    noNewPrivileges: read("NoNewPrivs") === "1",
    seccompFilter: read("Seccomp") === "2",
    interfaces: read("interfaces").split(" "),
    memory: limit(read("memory")),
    cpus: limit(quota) / Number(period),
    pids: limit(read("pids")),
  };
}

/** `max` and -1 mean no cap; so does the largest page-aligned number of cgroup v1. */
function limit(text: string): number {
  const value = Number(text);
  return text === "max" || value < 0 || value > 2 ** 60 ? Number.POSITIVE_INFINITY : value;
}

describe.each(testEngines)("posture on $name, as the kernel tells it from inside", ({ endpoint }) => {
  it("is what the three profiles promise", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(`
defaults: { image: "debian:bookworm-slim" }
projects:
  api: { profile: strict }
  web: { profile: moderate }
  scratch: { profile: permissive }
`);
    const { NCPU, MemTotal } = (await scenario.api("GET", "/info")) as { NCPU: number; MemTotal: number };
    await scenario.apply();
    expect(await enforced(scenario, "api")).toEqual({
      capabilities: [],
      otherCapabilities: 0n,
      noNewPrivileges: true,
      seccompFilter: true,
      interfaces: ["lo"],
      memory: Math.min(4 * GIB, MemTotal),
      cpus: Math.min(2, NCPU),
      pids: 512,
    });
    expect(await enforced(scenario, "web")).toEqual({
      capabilities: MODERATE.toSorted(),
      otherCapabilities: 0n,
      noNewPrivileges: false,
      seccompFilter: true,
      interfaces: ["lo"],
      memory: Math.min(8 * GIB, MemTotal),
      cpus: Math.min(4, NCPU),
      pids: 2048,
    });
    const scratch = await enforced(scenario, "scratch");
    expect({ ...scratch, interfaces: scratch.interfaces.includes("eth0") }).toEqual({
      capabilities: PERMISSIVE.toSorted(),
      otherCapabilities: 0n,
      noNewPrivileges: false,
      seccompFilter: true,
      interfaces: true,
      memory: Number.POSITIVE_INFINITY,
      cpus: Number.POSITIVE_INFINITY,
      pids: expect.any(Number),
    });
  });

  it("follows limits that were changed in place", async () => {
    await using scenario = await createScenario(endpoint);
    const manifest = (limits: string) => `
projects:
  web: { image: "debian:bookworm-slim", profile: strict, resources: { ${limits} } }
`;
    await scenario.manifest(manifest("cpus: 1, memory: 512MiB, pids: 100"));
    await scenario.apply();
    const { Id } = await scenario.container("web");
    expect(await enforced(scenario, "web")).toMatchObject({ cpus: 1, memory: GIB / 2, pids: 100 });
    await scenario.manifest(manifest("cpus: 0.5, memory: 1GiB, pids: 200"));
    await scenario.apply();
    expect(await enforced(scenario, "web")).toMatchObject({ cpus: 0.5, memory: GIB, pids: 200 });
    expect((await scenario.container("web")).Id).toBe(Id);
    await scenario.expectConverged();
  });
});
