import { expect, it } from "vitest";

import type { EngineEvent } from "../../../src/drivers/engine/engine.ts";
import { PATIENCE, type Context } from "./context.ts";

/** The event stream. */
export function eventCases(context: Context): void {
  it("reports the life of a container, with its name and labels, and removal as destroy", async () => {
    await using stream = await listen(context);
    const { id, name } = await context.run();
    await context.engine.renameContainer(id, `${name}-renamed`);
    await context.engine.stopContainer(id, { graceSeconds: 0 });
    await context.engine.removeContainer(id);
    const actions = () => stream.seen.filter((event) => event.kind === "container" && event.id === id);
    await expect.poll(() => actions().map(({ action }) => action), PATIENCE).toContain("destroy");
    for (const action of ["create", "start"]) expect(actions().map((event) => event.action)).toContain(action);
    expect(actions().map(({ action }) => action)).not.toContain("remove");
    const created = actions().find(({ action }) => action === "create");
    expect(created).toMatchObject({ name, labels: { "devc.workspace": context.workspace } });
    expect(created?.time).toBeGreaterThan(1_500_000_000_000);
  });

  it("reports the removal of a volume as destroy", async () => {
    await using stream = await listen(context);
    const name = await context.volume();
    await context.engine.removeVolume(name);
    const destroyed = { kind: "volume", action: "destroy", id: name };
    await expect.poll(() => stream.seen, PATIENCE).toContainEqual(expect.objectContaining(destroyed));
    expect(stream.seen.map(({ action }) => action)).not.toContain("remove");
  });

  it("reports nothing that exec does", async () => {
    await using stream = await listen(context);
    const { id } = await context.run();
    const session = await context.engine.exec(id, { command: ["true"], tty: false, stdin: false });
    session.stdout.resume();
    session.stderr.resume();
    await session.exit;
    await context.engine.removeContainer(id);
    const actions = () => stream.seen.filter((event) => event.id === id).map(({ action }) => action);
    await expect.poll(actions, PATIENCE).toContain("destroy");
    expect(actions().filter((action) => action.startsWith("exec"))).toEqual([]);
  });

  it("ends when it is told to", async () => {
    const stream = await listen(context);
    await stream[Symbol.asyncDispose]();
    expect(stream.ended).toBe(true);
  });
}

type Listening = AsyncDisposable & { seen: EngineEvent[]; ended: boolean };

/** Subscribes, and returns once the subscription is known to deliver: volumes are made until one is reported. */
async function listen(context: Context): Promise<Listening> {
  const abort = new AbortController();
  const seen: EngineEvent[] = [];
  const state = { ended: false };
  const reading = (async () => {
    for await (const event of context.engine.events({ signal: abort.signal })) seen.push(event);
    state.ended = true;
  })();
  const probes = new Set<string>();
  const heard = async (): Promise<boolean> => {
    probes.add(await context.volume());
    return seen.some((event) => event.kind === "volume" && probes.has(event.name ?? event.id));
  };
  await expect.poll(heard, { ...PATIENCE, interval: 100 }).toBe(true);
  return {
    seen,
    get ended() {
      return state.ended;
    },
    async [Symbol.asyncDispose]() {
      abort.abort();
      await reading;
    },
  };
}
