import { expect, it } from "vitest";

import type { ResourcesSpec } from "../../../src/model/spec.ts";
import { failing, type Context } from "./context.ts";
import { output } from "./exec.ts";

const MIB = 1024 ** 2;
const BEFORE: ResourcesSpec = { memory: 256 * MIB, nanoCpus: 500_000_000, pids: 100 };
const NOW = { graceSeconds: 0 };

/** From, to: what the field table calls an update in place. */
const CHANGES: { title: string; before: ResourcesSpec; after: ResourcesSpec }[] = [
  { title: "more memory", before: BEFORE, after: { ...BEFORE, memory: 512 * MIB } },
  { title: "less memory", before: BEFORE, after: { ...BEFORE, memory: 128 * MIB } },
  { title: "more CPU", before: BEFORE, after: { ...BEFORE, nanoCpus: 750_000_000 } },
  { title: "more processes", before: BEFORE, after: { ...BEFORE, pids: 200 } },
  { title: "no cap on processes", before: BEFORE, after: { memory: 256 * MIB, nanoCpus: 500_000_000 } },
  { title: "everything at once", before: BEFORE, after: { memory: 300 * MIB, nanoCpus: 250_000_000, pids: 50 } },
  { title: "caps where there were none", before: {}, after: BEFORE },
];

/** Limits change under the same container ID, and what an inspect tells is the truth. */
export function updateCases(context: Context): void {
  const limits = async (id: string) => (await context.engine.inspectContainer(id))?.spec.resources;
  const resources = (set: ResourcesSpec) => (Object.keys(set).length > 0 ? { resources: set } : {});

  it.each(CHANGES)("changes a running container: $title", async ({ before, after }) => {
    const { id } = await context.run({ spec: resources(before) });
    await context.engine.updateContainer(id, after);
    expect(await limits(id)).toEqual(after);
    expect(await context.listed(id)).toMatchObject({ id, state: "running" });
  });

  it.each(CHANGES)("changes a stopped container: $title", async ({ before, after }) => {
    const { id } = await context.run({ spec: resources(before) });
    await context.engine.stopContainer(id, NOW);
    await context.engine.updateContainer(id, after);
    expect(await limits(id)).toEqual(after);
    await context.engine.startContainer(id);
    expect(await limits(id)).toEqual(after);
  });

  it("changes a container that never ran", async () => {
    const { id } = await context.create({ spec: { resources: BEFORE } });
    const after = { ...BEFORE, memory: 512 * MIB };
    await context.engine.updateContainer(id, after);
    expect(await limits(id)).toEqual(after);
  });

  it("repeats an update without an effect", async () => {
    const { id } = await context.run({ spec: { resources: BEFORE } });
    const after = { ...BEFORE, pids: 300 };
    await context.engine.updateContainer(id, after);
    await context.engine.updateContainer(id, after);
    expect(await limits(id)).toEqual(after);
  });

  it("leaves the labels as they were at creation", async () => {
    const { id } = await context.run({ spec: { resources: BEFORE } });
    const labels = (await context.listed(id))?.labels;
    await context.engine.updateContainer(id, { ...BEFORE, pids: 300 });
    expect((await context.listed(id))?.labels).toEqual(labels);
  });

  it("tells the limits that hold after a restart", async () => {
    const { id } = await context.run({ spec: { resources: BEFORE } });
    await context.engine.updateContainer(id, { ...BEFORE, memory: 512 * MIB, pids: 300 });
    await context.engine.stopContainer(id, NOW);
    await context.engine.startContainer(id);
    const told = await limits(id);
    expect(told).toHaveProperty("memory");
    if (context.subject.real)
      expect(await kernelLimits(context, id)).toEqual({ memory: told?.memory, pids: told?.pids });
  });

  it("tells the limits that hold while it runs", async () => {
    const { id } = await context.run({ spec: { resources: BEFORE } });
    await context.engine.updateContainer(id, { ...BEFORE, memory: 512 * MIB, pids: 300 });
    expect(await limits(id)).toMatchObject({ memory: 512 * MIB, pids: 300 });
    if (context.subject.real) expect(await kernelLimits(context, id)).toEqual({ memory: 512 * MIB, pids: 300 });
  });

  it("rejects more CPUs than the engine has, on creation and on update", async () => {
    const { cpus } = await context.engine.facts();
    const tooMany = { nanoCpus: (cpus + 1) * 1_000_000_000 };
    await failing(context.create({ spec: { resources: tooMany } }), "engine-rejected");
    const { id } = await context.run({ spec: { resources: BEFORE } });
    await failing(context.engine.updateContainer(id, { ...BEFORE, ...tooMany }), "engine-rejected");
    expect(await limits(id)).toEqual(BEFORE);
  });

  it("accepts exactly as many CPUs as the engine has", async () => {
    const { cpus } = await context.engine.facts();
    const all = { nanoCpus: cpus * 1_000_000_000 };
    const { id } = await context.run({ spec: { resources: all } });
    expect(await limits(id)).toEqual(all);
  });
}

/** Limits as the container's own cgroup has them; both cgroup versions. */
async function kernelLimits(context: Context, id: string): Promise<{ memory: number; pids: number }> {
  const read = async (legacy: string, unified: string): Promise<number> =>
    Number(
      await output(context, id, [
        "sh",
        "-c",
        `cat /sys/fs/cgroup/${legacy} 2>/dev/null || cat /sys/fs/cgroup/${unified}`,
      ]),
    );
  return {
    memory: await read("memory/memory.limit_in_bytes", "memory.max"),
    pids: await read("pids/pids.max", "pids.max"),
  };
}
