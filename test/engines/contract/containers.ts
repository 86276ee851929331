import { expect, it } from "vitest";

import { failing, PATIENCE, type Context } from "./context.ts";

const ABSENT = "0".repeat(64);
const NOW = { graceSeconds: 0 };

/** Life of a container: create, start, stop, rename, remove, list, inspect, logs. */
export function containerCases(context: Context): void {
  it("says what the engine is and has", async () => {
    const facts = await context.engine.facts({ fresh: true });
    expect(facts.cpus).toBeGreaterThanOrEqual(1);
    expect(Number.isInteger(facts.cpus)).toBe(true);
    expect(facts.memory).toBeGreaterThan(64 * 1024 ** 2);
    for (const text of [facts.id, facts.name, facts.version, facts.apiVersion, facts.os, facts.architecture])
      expect(text).not.toBe("");
    expect(await context.engine.facts()).toEqual(facts);
    expect(context.engine.endpoint).not.toBe("");
  });

  it("creates without starting and lists what was asked for", async () => {
    const { id, name, spec } = await context.create();
    const listed = await context.listed(id);
    expect(listed).toMatchObject({ id, name, imageId: context.imageId, state: "created", health: "none" });
    expect(listed?.labels).toMatchObject({ "devc.workspace": context.workspace, "devc.image": spec.image });
    expect(listed?.networks).toEqual({});
    expect(listed?.mounts).toEqual({});
    expect(listed?.createdAt).toBeGreaterThan(1_500_000_000_000);
  });

  it("tells when a container was created and last started, in a text that stays the same as long as that is true", async () => {
    const { id } = await context.run();
    const times = async () => {
      const detail = await context.engine.inspectContainer(id);
      return [detail?.createdText ?? "", detail?.startedText ?? ""] as const;
    };
    const [created, started] = await times();
    expect(await times()).toEqual([created, started]);
    expect(Date.parse(created)).toBeGreaterThan(1_500_000_000_000);
    expect(Date.parse(started)).toBeGreaterThanOrEqual(Date.parse(created));
    const before = Date.now();
    await expect.poll(() => Date.now(), PATIENCE).toBeGreaterThan(before);
    await context.engine.stopContainer(id, NOW);
    await context.engine.startContainer(id);
    const [createdStill, startedAgain] = await times();
    expect(createdStill).toBe(created);
    expect(Date.parse(startedAgain)).toBeGreaterThan(Date.parse(started));
  });

  it("lists by workspace only what carries its label", async () => {
    const mine = await context.create();
    const other = await context.create({ labels: { "devc.workspace": `${context.workspace}-other` } });
    const unlabelled = await context.create({ labels: {} });
    const listed = (await context.engine.listContainers({ workspace: context.workspace })).map(({ id }) => id);
    expect(listed).toEqual([mine.id]);
    const all = (await context.engine.listContainers()).map(({ id }) => id);
    expect(all).toEqual(expect.arrayContaining([mine.id, other.id, unlabelled.id]));
  });

  it("refuses a name that is taken, whatever state its holder is in", async () => {
    const holder = await context.create();
    const again = () =>
      context.engine.createContainer({ name: holder.name, imageId: context.imageId, labels: {}, spec: context.spec() });
    await failing(again(), "engine-conflict");
    await context.engine.startContainer(holder.id);
    await failing(again(), "engine-conflict");
    expect((await context.listed(holder.id))?.state).toBe("running");
  });

  it("does not create from an image that is not there", async () => {
    const request = { name: context.name(), imageId: `sha256:${ABSENT}`, labels: {}, spec: context.spec() };
    await failing(context.engine.createContainer(request), "not-found", "image-not-found");
    expect((await context.engine.listContainers()).some(({ name }) => name === request.name)).toBe(false);
  });

  it("starts, and starting again changes nothing", async () => {
    const { id } = await context.run();
    expect((await context.listed(id))?.state).toBe("running");
    await context.engine.startContainer(id);
    expect((await context.listed(id))?.state).toBe("running");
  });

  it("stops, and stopping again changes nothing", async () => {
    const { id } = await context.run();
    await context.engine.stopContainer(id, NOW);
    expect((await context.listed(id))?.state).toBe("exited");
    await context.engine.stopContainer(id, NOW);
    expect((await context.listed(id))?.state).toBe("exited");
  });

  it("stops a container that ignores the stop signal once the grace is over", async () => {
    const { id } = await context.run({ spec: { entrypoint: ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"] } });
    await context.engine.stopContainer(id, { graceSeconds: 1 });
    expect((await context.listed(id))?.state).toBe("exited");
  });

  it("starts a stopped container again under the same ID", async () => {
    const { id, name } = await context.run();
    await context.engine.stopContainer(id, NOW);
    await context.engine.startContainer(id);
    expect(await context.listed(id)).toMatchObject({ id, name, state: "running" });
  });

  it("stops a container that was only created", async () => {
    const { id } = await context.create();
    await context.engine.stopContainer(id, NOW);
    expect(["created", "exited"]).toContain((await context.listed(id))?.state);
  });

  it("shows a pause and ends it", async () => {
    const { id } = await context.run();
    await context.subject.outOfBand.pause(id);
    expect((await context.listed(id))?.state).toBe("paused");
    await context.engine.unpauseContainer(id);
    expect((await context.listed(id))?.state).toBe("running");
  });

  it("stops a paused container", async () => {
    const { id } = await context.run();
    await context.subject.outOfBand.pause(id);
    await context.engine.stopContainer(id, NOW);
    expect((await context.listed(id))?.state).toBe("exited");
  });

  it("removes a paused container", async () => {
    const { id } = await context.run();
    await context.subject.outOfBand.pause(id);
    await context.engine.removeContainer(id);
    expect(await context.listed(id)).toBeUndefined();
  });

  it("does not unpause what is not paused", async () => {
    const { id } = await context.run();
    await failing(context.engine.unpauseContainer(id));
    expect((await context.listed(id))?.state).toBe("running");
  });

  it("tells the exit code of a process that ended by itself", async () => {
    for (const code of [0, 3]) {
      const { id } = await context.run({ spec: { entrypoint: ["sh", "-c", `exit ${code}`] } });
      await expect.poll(async () => (await context.listed(id))?.state, PATIENCE).toBe("exited");
      expect((await context.engine.inspectContainer(id))?.exitCode).toBe(code);
    }
  });

  it("shows a killed container as exited", async () => {
    const { id } = await context.run();
    await context.subject.outOfBand.kill(id);
    await expect.poll(async () => (await context.listed(id))?.state, PATIENCE).toBe("exited");
    expect((await context.engine.inspectContainer(id))?.exitCode).toBe(137);
  });

  it("says why a container does not start and keeps it", async () => {
    const { id } = await context.create({ spec: { entrypoint: ["/does-not-exist"] } });
    const error = await failing(context.engine.startContainer(id), "engine-rejected", "engine-error");
    expect(error.message).toContain("/does-not-exist");
    expect(["created", "exited"]).toContain((await context.listed(id))?.state);
  });

  it("renames a running container without disturbing it", async () => {
    const { id } = await context.run();
    const name = context.name();
    await context.engine.renameContainer(id, name);
    expect(await context.listed(id)).toMatchObject({ id, name, state: "running" });
    expect((await context.engine.inspectContainer(id))?.container.name).toBe(name);
  });

  it("frees the old name of a renamed container", async () => {
    const first = await context.create();
    await context.engine.renameContainer(first.id, context.name());
    const second = await context.create();
    await context.engine.renameContainer(second.id, first.name);
    expect((await context.listed(second.id))?.name).toBe(first.name);
  });

  it("does not rename to a name that is taken", async () => {
    const [holder, other] = [await context.create(), await context.create()];
    await failing(context.engine.renameContainer(other.id, holder.name), "engine-conflict");
    expect((await context.listed(other.id))?.name).toBe(other.name);
  });

  it("removes a running container, and removing again is done", async () => {
    const { id } = await context.run();
    await context.engine.removeContainer(id);
    expect(await context.listed(id)).toBeUndefined();
    expect(await context.engine.inspectContainer(id)).toBeUndefined();
    await context.engine.removeContainer(id);
  });

  it("is done with several removals of one container at the same time", async () => {
    const { id } = await context.run();
    await Promise.all([1, 2, 3].map(() => context.engine.removeContainer(id)));
    expect(await context.listed(id)).toBeUndefined();
  });

  it("removes a paused container", async () => {
    const { id } = await context.run();
    await context.subject.outOfBand.pause(id);
    await context.engine.removeContainer(id);
    expect(await context.listed(id)).toBeUndefined();
  });

  it("lets only one of two simultaneous creations have a name", async () => {
    const request = {
      name: context.name(),
      imageId: context.imageId,
      labels: { "devc.workspace": context.workspace },
      spec: context.spec(),
    };
    const results = await Promise.allSettled([1, 2, 3].map(() => context.engine.createContainer(request)));
    const held = (await context.engine.listContainers()).filter(({ name }) => name === request.name);
    for (const { id } of held) await context.engine.removeContainer(id);
    expect(held).toHaveLength(1);
    const failures = results.filter((result) => result.status === "rejected");
    expect(failures.map(({ reason }) => (reason as { code?: string }).code)).toEqual([
      "engine-conflict",
      "engine-conflict",
    ]);
  });

  it("answers for a container that is gone with not-found, and undefined to a question", async () => {
    const { engine } = context;
    const { id } = await context.create();
    await engine.removeContainer(id);
    expect(await engine.inspectContainer(id)).toBeUndefined();
    await failing(engine.startContainer(id), "not-found");
    await failing(engine.stopContainer(id, NOW), "not-found");
    await failing(engine.unpauseContainer(id), "not-found");
    await failing(engine.renameContainer(id, context.name()), "not-found");
    await failing(engine.updateContainer(id, { pids: 100 }), "not-found");
    await failing(engine.logTail(id, 5), "not-found");
    await failing(engine.exec(id, { command: ["true"], tty: false, stdin: false }), "not-found");
    await failing(engine.listExecs(id), "not-found");
  });

  it("keeps the last lines of the output, oldest first", async () => {
    const { id } = await context.run({
      spec: { entrypoint: ["sh", "-c", "echo one; echo two; echo three; sleep infinity"] },
    });
    await expect.poll(() => context.engine.logTail(id, 10), PATIENCE).toEqual(["one", "two", "three"]);
    expect(await context.engine.logTail(id, 2)).toEqual(["two", "three"]);
  });

  it("keeps both streams of a container that ended", async () => {
    const { id } = await context.run({ spec: { entrypoint: ["sh", "-c", "echo out; echo err >&2; exit 3"] } });
    await expect.poll(async () => (await context.engine.logTail(id, 10)).toSorted(), PATIENCE).toEqual(["err", "out"]);
  });

  it("has no output for a container that never ran", async () => {
    const { id } = await context.create();
    expect(await context.engine.logTail(id, 5)).toEqual([]);
  });
}
