import type { ResourcesSpec } from "../../model/spec.ts";

/** Gives the text of a file, or undefined when it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** Version 1 says "no limit" with the largest multiple of the page size; no machine has this much memory. */
const NO_MEMORY_LIMIT = 2 ** 60;

/**
 * Limits that hold for a process of this host, from its control group (cgroups(7), kernel admin-guide/cgroup-v1 and -v2).
 * Undefined when the process is not one of the container: the engine runs elsewhere.
 * @param pid as this host counts
 */
export function limitsOfProcess(read: ReadText, pid: number, containerId: string): ResourcesSpec | undefined {
  const groups = groupsOf(read(`/proc/${pid}/cgroup`) ?? "", containerId);
  const unified = groups.get("");
  const memory = groups.get("memory");
  if (memory !== undefined) {
    const file = (controller: string, name: string) =>
      read(`/sys/fs/cgroup/${controller}${groups.get(controller)}/${name}`);
    return limitsFromV1([
      file("memory", "memory.limit_in_bytes"),
      file("cpu", "cpu.cfs_quota_us"),
      file("cpu", "cpu.cfs_period_us"),
      file("pids", "pids.max"),
    ]);
  }
  if (unified === undefined) return undefined;
  const file = (name: string) => read(`/sys/fs/cgroup${unified}/${name}`);
  return limitsFromV2([file("memory.max"), file("cpu.max"), file("pids.max")]);
}

/** Limits from the four files of version 1: memory.limit_in_bytes, cpu.cfs_quota_us, cpu.cfs_period_us, pids.max. */
export function limitsFromV1(texts: (string | undefined)[]): ResourcesSpec | undefined {
  const [memory, quota, period, pids] = texts.map((text) => text?.trim());
  if (memory === undefined || quota === undefined || period === undefined || pids === undefined) return undefined;
  return assemble(memory, quota, period, pids);
}

/** Limits from the three files of version 2: memory.max, cpu.max, pids.max. */
export function limitsFromV2(texts: (string | undefined)[]): ResourcesSpec | undefined {
  const [memory, cpu, pids] = texts.map((text) => text?.trim());
  const [quota, period] = cpu?.split(" ") ?? [];
  if (memory === undefined || quota === undefined || period === undefined || pids === undefined) return undefined;
  return assemble(memory, quota, period, pids);
}

function assemble(memory: string, quota: string, period: string, pids: string): ResourcesSpec {
  // `max` and -1 both mean no limit.
  const [bytes, share, length, processes] = [memory, quota, period, pids].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return {
    ...(bytes > 0 && bytes < NO_MEMORY_LIMIT ? { memory: bytes } : {}),
    ...(share > 0 ? { nanoCpus: Math.round((share * 1e9) / length) } : {}),
    ...(processes > 0 ? { pids: processes } : {}),
  };
}

/**
 * Path of each controller's group, up to the part that carries the container's ID: crun makes a group of its own below
 * the limited one. The unified hierarchy has the empty name.
 */
function groupsOf(text: string, containerId: string): Map<string, string> {
  const groups = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const parts = path?.split("/") ?? [];
    const at = parts.findIndex((part) => part.includes(containerId));
    if (controllers === undefined || at < 0) continue;
    for (const controller of controllers.split(",")) groups.set(controller, parts.slice(0, at + 1).join("/"));
  }
  return groups;
}
