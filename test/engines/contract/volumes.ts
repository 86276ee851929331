import { expect, it } from "vitest";

import { failing, type Context } from "./context.ts";
import { output } from "./exec.ts";

const NOW = { graceSeconds: 0 };

/** Volumes: create, list, remove; mounts in the list entry of a container. */
export function volumeCases(context: Context): void {
  const mounted = (source: string) => ({ spec: { mounts: { "/data": { type: "volume" as const, source } } } });
  const names = async () => (await context.engine.listVolumes()).map(({ name }) => name);

  it("creates and lists a volume with its labels", async () => {
    const name = await context.volume();
    const listed = await context.engine.listVolumes({ workspace: context.workspace });
    expect(listed).toMatchObject([{ name, driver: "local", labels: { "devc.workspace": context.workspace } }]);
    expect(await names()).toContain(name);
    expect(await context.engine.listVolumes({ workspace: `${context.workspace}-other` })).toEqual([]);
  });

  it("leaves a volume that is there as it is", async () => {
    const name = await context.volume();
    const before = (await context.engine.listVolumes()).find((volume) => volume.name === name);
    const given = await context.engine.createVolume({ name, labels: { other: "label" }, spec: { driver: "local" } });
    expect(given).toEqual(before);
    expect((await context.engine.listVolumes()).filter((volume) => volume.name === name)).toEqual([before]);
  });

  it("removes a volume, and removing again is done", async () => {
    const name = await context.volume();
    await context.engine.removeVolume(name);
    await context.engine.removeVolume(name);
    expect(await names()).not.toContain(name);
  });

  it("does not remove a volume that a container has, running, stopped or never started", async () => {
    const name = await context.volume();
    const { id } = await context.create(mounted(name));
    await failing(context.engine.removeVolume(name), "engine-conflict");
    await context.engine.startContainer(id);
    await failing(context.engine.removeVolume(name), "engine-conflict");
    await context.engine.stopContainer(id, NOW);
    await failing(context.engine.removeVolume(name), "engine-conflict");
    await context.engine.removeContainer(id);
    expect(await names()).toContain(name);
    await context.engine.removeVolume(name);
    expect(await names()).not.toContain(name);
  });

  it("makes a volume that a container names and nobody made, without labels", async () => {
    const name = context.name();
    context.forgetVolume(name);
    await context.create(mounted(name));
    expect((await context.engine.listVolumes()).find((volume) => volume.name === name)?.labels).toEqual({});
  });

  it("lists the volumes and host folders of a container by target, whatever state it is in", async () => {
    const name = await context.volume();
    const { id } = await context.create({
      spec: {
        mounts: {
          "/data": { type: "volume", source: name },
          "/mnt/host": { type: "bind", source: context.subject.folder, readOnly: true },
          "/scratch": { type: "tmpfs", size: 1024 ** 2 },
        },
      },
    });
    const mounts = {
      "/data": { type: "volume", source: name },
      "/mnt/host": { type: "bind", source: context.subject.folder },
    };
    expect((await context.listed(id))?.mounts).toEqual(mounts);
    await context.engine.startContainer(id);
    expect((await context.listed(id))?.mounts).toEqual(mounts);
    await context.engine.stopContainer(id, NOW);
    expect((await context.listed(id))?.mounts).toEqual(mounts);
  });

  it("does not run with a host folder that does not exist", async () => {
    const source = `${context.subject.folder}/${context.name()}`;
    const attempt = context.run({ spec: { mounts: { "/mnt/absent": { type: "bind", source } } } });
    await failing(attempt, "engine-rejected", "engine-error");
  });

  it("keeps what is in a volume when its container goes", async () => {
    if (!context.subject.real) return;
    const name = await context.volume();
    const first = await context.run(mounted(name));
    await output(context, first.id, ["sh", "-c", "echo kept > /data/file"]);
    await context.engine.removeContainer(first.id);
    const second = await context.run(mounted(name));
    expect(await output(context, second.id, ["cat", "/data/file"])).toBe("kept\n");
  });
}
