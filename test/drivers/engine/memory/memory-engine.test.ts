import { describe, expect, it } from "vitest";

import { createMemoryEngine } from "../../../../src/drivers/engine/memory/memory-engine.ts";
import { CrashError, type MemoryEngine, type MemoryImage } from "../../../../src/drivers/engine/memory/types.ts";
import type { ContainerSpec } from "../../../../src/model/spec.ts";

const SPEC: ContainerSpec = { image: "base", network: { mode: "none" } };

function engineWith(images: Record<string, MemoryImage> = {}): { engine: MemoryEngine; pass: (ms: number) => void } {
  let now = 1_000_000;
  const engine = createMemoryEngine({
    clock: { now: () => now },
    images: { base: {}, ...images },
    registry: { remote: {} },
  });
  return { engine, pass: (ms) => void (now += ms) };
}

async function create(engine: MemoryEngine, image = "base", spec: ContainerSpec = SPEC): Promise<string> {
  const imageId = (await engine.inspectImage(image))?.id ?? "";
  return (await engine.createContainer({ name: `box-${image}`, imageId, labels: {}, spec })).id;
}

describe("rules of the memory engine", () => {
  it("hands out the same IDs every time", async () => {
    expect(await create(engineWith().engine)).toBe(await create(engineWith().engine));
  });

  it("lets a health check settle with time", async () => {
    const { engine, pass } = engineWith({ checked: { process: { health: { becomes: "healthy", after: 500 } } } });
    const id = await create(engine, "checked");
    await engine.startContainer(id);
    const health = async () => (await engine.inspectContainer(id))?.container.health;
    expect(await health()).toBe("starting");
    pass(499);
    expect(await health()).toBe("starting");
    pass(1);
    expect(await health()).toBe("healthy");
  });

  it("lets a process end with time, and keeps what it printed", async () => {
    const { engine, pass } = engineWith({ brief: { process: { exits: { code: 3, after: 100 }, prints: ["bye"] } } });
    const id = await create(engine, "brief");
    await engine.startContainer(id);
    expect((await engine.inspectContainer(id))?.container.state).toBe("running");
    pass(100);
    expect(await engine.inspectContainer(id)).toMatchObject({ container: { state: "exited" }, exitCode: 3 });
    expect(await engine.logTail(id, 5)).toEqual(["bye"]);
  });

  it("fills in the image's defaults under what was asked for", async () => {
    const { engine } = engineWith({
      full: { env: { A: "image", B: "image" }, user: "dev", workdir: "/src", entrypoint: ["init"], command: ["run"] },
    });
    const read = async (spec: ContainerSpec) =>
      (await engine.inspectContainer(await create(engine, "full", spec)))?.spec;
    expect(await read({ ...SPEC, env: { B: "own" } })).toMatchObject({
      env: { A: "image", B: "own" },
      user: "dev",
      workdir: "/src",
      entrypoint: ["init"],
      command: ["run"],
    });
  });

  it("drops the image's command when the entrypoint is replaced", async () => {
    const { engine } = engineWith({ full: { entrypoint: ["init"], command: ["run"] } });
    const detail = await engine.inspectContainer(await create(engine, "full", { ...SPEC, entrypoint: ["sh"] }));
    expect(detail?.spec.entrypoint).toEqual(["sh"]);
    expect(detail?.spec).not.toHaveProperty("command");
  });

  it("makes and removes anonymous volumes with their container", async () => {
    const { engine } = engineWith({ stateful: { volumes: ["/var/lib"] } });
    const id = await create(engine, "stateful");
    const [volume] = await engine.listVolumes();
    expect((await engine.listContainers())[0]?.mounts).toEqual({
      "/var/lib": { type: "volume", source: volume?.name },
    });
    await engine.removeContainer(id);
    expect(await engine.listVolumes()).toEqual([]);
  });

  it("refuses to lift a cap on memory or CPU in place, and lifts one on processes", async () => {
    const { engine } = engineWith();
    const limits = { memory: 2 ** 30, nanoCpus: 1_000_000_000, pids: 100 };
    const id = await create(engine, "base", { ...SPEC, resources: limits });
    await expect(engine.updateContainer(id, { nanoCpus: 1_000_000_000, pids: 100 })).rejects.toMatchObject({
      code: "engine-rejected",
    });
    await expect(engine.updateContainer(id, { memory: 2 ** 30, pids: 100 })).rejects.toMatchObject({
      code: "engine-rejected",
    });
    await engine.updateContainer(id, { memory: 2 ** 30, nanoCpus: 1_000_000_000 });
    expect((await engine.inspectContainer(id))?.spec.resources).toEqual({ memory: 2 ** 30, nanoCpus: 1_000_000_000 });
  });

  it("pulls what its registry has", async () => {
    const { engine } = engineWith();
    const seen: number[] = [];
    await engine.pullImage("remote", { onProgress: ({ current }) => seen.push(current) });
    expect(seen.at(-1)).toBeGreaterThan(0);
    expect(await engine.inspectImage("remote")).toBeDefined();
    const absent = engine.pullImage("absent", { onProgress: () => {} });
    await expect(absent).rejects.toMatchObject({ code: "image-not-found" });
  });

  it("takes a second network of one name by hand only, and then finds the name ambiguous", async () => {
    const { engine } = engineWith();
    const request = { name: "twice", labels: {}, spec: { driver: "bridge" } } as const;
    await engine.createNetwork(request);
    await expect(engine.createNetwork(request)).rejects.toMatchObject({ code: "engine-conflict" });
    await engine.hands.create.createNetwork(request);
    expect(await engine.listNetworks()).toHaveLength(2);
    await expect(engine.removeNetwork("twice")).rejects.toMatchObject({ code: "engine-rejected" });
  });

  it("hands out copies only", async () => {
    const { engine } = engineWith();
    await create(engine);
    const [listed] = await engine.listContainers();
    if (listed) listed.labels["changed"] = "by the caller";
    expect((await engine.listContainers())[0]?.labels).toEqual({});
    expect(Object.isFrozen(engine.snapshot().containers[0]?.labels)).toBe(true);
  });
});

describe("calls of the memory engine", () => {
  it("are logged and counted with their kind", async () => {
    const { engine } = engineWith();
    await create(engine);
    expect(engine.calls.map(({ index, method, kind }) => [index, method, kind])).toEqual([
      [0, "inspectImage", "read"],
      [1, "createContainer", "mutation"],
    ]);
    expect(engine.callCounts()).toEqual({ inspectImage: 1, createContainer: 1 });
    engine.clearCalls();
    expect(engine.calls).toEqual([]);
  });

  it("fail before or after their effect", async () => {
    const { engine } = engineWith();
    const code = "engine-unreachable";
    const volume = (name: string) => engine.createVolume({ name, labels: {}, spec: { driver: "local" } });
    engine.setFaults(({ index }) => (index < 2 ? { when: index === 0 ? "before" : "after", code } : undefined));
    await expect(volume("first")).rejects.toMatchObject({ code });
    await expect(volume("second")).rejects.toMatchObject({ code });
    expect((await engine.listVolumes()).map(({ name }) => name)).toEqual(["second"]);
  });

  it("are refused after a crash until the engine is reached again, while other clients go on", async () => {
    const { engine } = engineWith();
    const other = engine.client();
    engine.setFaults(({ index }) => (index === 0 ? { when: "before", crash: true } : undefined));
    await expect(engine.listVolumes()).rejects.toThrow(CrashError);
    await expect(engine.listVolumes()).rejects.toThrow(CrashError);
    expect(await other.listVolumes()).toEqual([]);
    engine.revive();
    engine.setFaults(undefined);
    expect(await engine.listVolumes()).toEqual([]);
  });

  it("that change something are refused while the engine is read-only", async () => {
    const { engine } = engineWith();
    engine.setReadOnly(true);
    await expect(create(engine)).rejects.toThrow("read-only");
    expect(engine.snapshot().containers).toEqual([]);
  });

  it("wait at the gate before they have an effect", async () => {
    const { engine } = engineWith();
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => void (open = resolve));
    engine.setGate(() => gate);
    const creating = engine.createVolume({ name: "late", labels: {}, spec: { driver: "local" } });
    expect(engine.snapshot().volumes).toEqual([]);
    open();
    await creating;
    expect(engine.snapshot().volumes).toHaveLength(1);
  });
});
