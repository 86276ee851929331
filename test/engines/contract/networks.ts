import { expect, it } from "vitest";

import { failing, type Context } from "./context.ts";

const ABSENT = "0".repeat(64);
const NOW = { graceSeconds: 0 };

/** Networks: create, list, connect, disconnect, remove; what a container's list entry says of them. */
export function networkCases(context: Context): void {
  const on = (...names: string[]) => ({
    spec: { network: { mode: "bridge" as const, networks: Object.fromEntries(names.map((name) => [name, {}])) } },
  });
  const networksOf = async (id: string) => (await context.listed(id))?.networks;

  it("creates and lists a network with its labels", async () => {
    const { id, name } = await context.network();
    const listed = await context.engine.listNetworks({ workspace: context.workspace });
    expect(listed).toMatchObject([{ id, name, driver: "bridge", labels: { "devc.workspace": context.workspace } }]);
    expect((await context.engine.listNetworks()).map((network) => network.name)).toContain(name);
    expect(await context.engine.listNetworks({ workspace: `${context.workspace}-other` })).toEqual([]);
  });

  it("refuses the name of a network that is there", async () => {
    const { name } = await context.network();
    await failing(context.engine.createNetwork({ name, labels: {}, spec: { driver: "bridge" } }), "engine-conflict");
  });

  it("removes a network, and removing again is done", async () => {
    const { id } = await context.network();
    await context.engine.removeNetwork(id);
    await context.engine.removeNetwork(id);
    expect(await context.engine.listNetworks({ workspace: context.workspace })).toEqual([]);
  });

  it("does not remove a network while a container runs on it", async () => {
    const network = await context.network();
    const { id } = await context.run(on(network.name));
    await failing(context.engine.removeNetwork(network.id), "engine-conflict");
    await context.engine.removeContainer(id);
    await context.engine.removeNetwork(network.id);
  });

  it("lists the networks of a running and of a stopped container by name and ID", async () => {
    const [a, b] = [await context.network(), await context.network()];
    const { id } = await context.run(on(a.name, b.name));
    const both = { [a.name]: { id: a.id }, [b.name]: { id: b.id } };
    expect(await networksOf(id)).toEqual(both);
    await context.engine.stopContainer(id, NOW);
    expect(await networksOf(id)).toEqual(both);
  });

  it("lists the networks of a container that never ran by name", async () => {
    const [a, b] = [await context.network(), await context.network()];
    const { id } = await context.create(on(a.name, b.name));
    const networks = await networksOf(id);
    expect(Object.keys(networks ?? {}).toSorted()).toEqual([a.name, b.name].toSorted());
    for (const { name, id: networkId } of [a, b]) expect(["", networkId]).toContain(networks?.[name]?.id);
  });

  it("lists no network for a container without one", async () => {
    const { id } = await context.run();
    expect(await networksOf(id)).toEqual({});
  });

  it("connects and disconnects a running container", async () => {
    const [a, b] = [await context.network(), await context.network()];
    const { id } = await context.run(on(a.name));
    await context.engine.connectNetwork(b.id, id, {});
    expect(await networksOf(id)).toEqual({ [a.name]: { id: a.id }, [b.name]: { id: b.id } });
    await context.engine.disconnectNetwork(b.id, id);
    expect(await networksOf(id)).toEqual({ [a.name]: { id: a.id } });
  });

  it("connects a stopped container, which is on the network when it starts", async () => {
    const [a, b] = [await context.network(), await context.network()];
    const { id } = await context.run(on(a.name));
    await context.engine.stopContainer(id, NOW);
    await context.engine.connectNetwork(b.id, id, {});
    await context.engine.startContainer(id);
    expect(await networksOf(id)).toEqual({ [a.name]: { id: a.id }, [b.name]: { id: b.id } });
  });

  it("disconnects a stopped container", async () => {
    const [a, b] = [await context.network(), await context.network()];
    const { id } = await context.run(on(a.name, b.name));
    await context.engine.stopContainer(id, NOW);
    await context.engine.disconnectNetwork(b.id, id);
    await context.engine.startContainer(id);
    expect(await networksOf(id)).toEqual({ [a.name]: { id: a.id } });
  });

  it("connects with an alias and reads it back", async () => {
    const [a, b] = [await context.network(), await context.network()];
    const { id } = await context.run(on(a.name));
    await context.engine.connectNetwork(b.id, id, { aliases: ["db"] });
    expect((await context.engine.inspectContainer(id))?.spec.network).toEqual({
      mode: "bridge",
      networks: { [a.name]: {}, [b.name]: { aliases: ["db"] } },
    });
  });

  it("does not connect a container that has no network at all", async () => {
    const network = await context.network();
    const { id } = await context.run();
    await failing(context.engine.connectNetwork(network.id, id, {}));
    expect(await networksOf(id)).toEqual({});
  });

  it("does not connect twice", async () => {
    const network = await context.network();
    const { id } = await context.run(on(network.name));
    await failing(context.engine.connectNetwork(network.id, id, {}), "engine-conflict");
    expect(await networksOf(id)).toEqual({ [network.name]: { id: network.id } });
  });

  it("answers for a network or container that is not there with not-found", async () => {
    const [a, b] = [await context.network(), await context.network()];
    const { id } = await context.run(on(a.name));
    await failing(context.engine.connectNetwork(ABSENT, id, {}), "not-found");
    await failing(context.engine.connectNetwork(b.id, ABSENT, {}), "not-found");
    await failing(context.engine.disconnectNetwork(ABSENT, id), "not-found");
  });

  it("does not run a container on a network that is not there", async () => {
    const attempt = context.run(on(`${context.workspace}-absent`));
    await failing(attempt, "not-found");
  });

  it("keeps a stopped container's network, or keeps showing the ID of the one that is gone", async () => {
    const old = await context.network();
    const { id } = await context.run(on(old.name));
    await context.engine.stopContainer(id, NOW);
    const [answer] = await Promise.allSettled([context.engine.removeNetwork(old.id)]);
    const removed = answer.status === "fulfilled";
    if (!removed) expect(answer.reason).toMatchObject({ code: "engine-conflict" });
    const there = (await context.engine.listNetworks()).some((network) => network.id === old.id);
    expect(there).toBe(!removed);
    expect(await networksOf(id)).toEqual({ [old.name]: { id: old.id } });
    if (removed) await failing(context.engine.startContainer(id), "not-found");
    else await context.engine.startContainer(id);
  });
}
