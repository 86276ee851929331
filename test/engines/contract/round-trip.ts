import { expect, it } from "vitest";

import type { ContainerSpec } from "../../../src/model/spec.ts";
import { restrictTo, type Context } from "./context.ts";

const GIB = 1024 ** 3;

type Part = { title: string; spec: (context: Context) => Promise<Partial<ContainerSpec>> };

/** One row per field of `ContainerSpec` and per value that engines spell in their own way. */
const PARTS: Part[] = [
  { title: "nothing but an image and no network", spec: async () => ({}) },
  {
    title: "environment",
    spec: async () => ({
      env: { EMPTY: "", EQUALS: "a=b=c", SPACES: " two  words ", QUOTES: `"'\\$HOME`, WORD: "grün ☂" },
    }),
  },
  { title: "numeric user and group", spec: async () => ({ user: "1000:1000" }) },
  { title: "user by name", spec: async () => ({ user: "nobody" }) },
  { title: "working folder", spec: async () => ({ workdir: "/var/tmp" }) },
  { title: "host name", spec: async () => ({ hostname: "box" }) },
  {
    title: "entrypoint and arguments",
    spec: async () => ({ entrypoint: ["sh", "-c", 'exec sleep "$0"'], command: ["infinity"] }),
  },
  {
    title: "folder of the host",
    spec: async ({ subject }) => ({ mounts: { "/mnt/rw": { type: "bind", source: subject.folder } } }),
  },
  {
    title: "folder of the host, read-only",
    spec: async ({ subject }) => ({ mounts: { "/mnt/ro": { type: "bind", source: subject.folder, readOnly: true } } }),
  },
  {
    title: "volume",
    spec: async (context) => ({ mounts: { "/data": { type: "volume", source: await context.volume() } } }),
  },
  {
    title: "volume, read-only",
    spec: async (context) => ({
      mounts: { "/data": { type: "volume", source: await context.volume(), readOnly: true } },
    }),
  },
  { title: "tmpfs", spec: async () => ({ mounts: { "/scratch": { type: "tmpfs" } } }) },
  {
    title: "tmpfs with a size",
    spec: async () => ({ mounts: { "/scratch": { type: "tmpfs", size: 16 * 1024 ** 2 } } }),
  },
  { title: "no capability at all", spec: async () => ({ capabilities: { drop: { ALL: true } } }) },
  {
    title: "few capabilities",
    spec: async () => ({
      capabilities: { drop: { ALL: true }, add: { CHOWN: true, SETUID: true, NET_BIND_SERVICE: true } },
    }),
  },
  {
    title: "more capabilities than the default",
    spec: async () => ({ capabilities: { add: { SYS_PTRACE: true, NET_ADMIN: true } } }),
  },
  { title: "one default capability dropped", spec: async () => ({ capabilities: { drop: { MKNOD: true } } }) },
  { title: "no new privileges", spec: async () => ({ noNewPrivileges: true }) },
  { title: "memory limit", spec: async () => ({ resources: { memory: GIB / 2 } }) },
  { title: "CPU limit", spec: async () => ({ resources: { nanoCpus: 500_000_000 } }) },
  { title: "odd CPU limit", spec: async () => ({ resources: { nanoCpus: 330_000_000 } }) },
  { title: "process limit", spec: async () => ({ resources: { pids: 100 } }) },
  {
    title: "one network",
    spec: async (context) => ({ network: { mode: "bridge", networks: { [(await context.network()).name]: {} } } }),
  },
  {
    title: "two networks and an alias",
    spec: async (context) => ({
      network: {
        mode: "bridge",
        networks: { [(await context.network()).name]: { aliases: ["db"] }, [(await context.network()).name]: {} },
      },
    }),
  },
  {
    title: "everything at once",
    spec: async (context) => ({
      env: { A: "1" },
      user: "1000",
      workdir: "/tmp",
      hostname: "box",
      mounts: {
        "/data": { type: "volume", source: await context.volume() },
        "/mnt/ro": { type: "bind", source: context.subject.folder, readOnly: true },
        "/scratch": { type: "tmpfs", size: 1024 ** 2 },
      },
      network: { mode: "bridge", networks: { [(await context.network()).name]: { aliases: ["api"] } } },
      capabilities: { drop: { ALL: true }, add: { CHOWN: true } },
      noNewPrivileges: true,
      resources: { memory: GIB, nanoCpus: 1_000_000_000, pids: 512 },
    }),
  },
];

/** What is created is what is read back, before the start and while it runs. */
export function roundTripCases(context: Context): void {
  it.each(PARTS)("reads back: $title", async ({ spec }) => {
    const made = await context.create({ spec: await spec(context) });
    const readBack = async () => restrictTo(made.spec, (await context.engine.inspectContainer(made.id))?.spec);
    expect(await readBack()).toEqual(made.spec);
    await context.engine.startContainer(made.id);
    expect(await readBack()).toEqual(made.spec);
    await context.engine.stopContainer(made.id, { graceSeconds: 0 });
    expect(await readBack()).toEqual(made.spec);
  });

  it("reads back no limit, capability, mount or privilege switch that was not asked for", async () => {
    const { id } = await context.run();
    const spec = (await context.engine.inspectContainer(id))?.spec;
    expect(spec).toBeDefined();
    for (const key of ["resources", "capabilities", "mounts", "noNewPrivileges"]) expect(spec).not.toHaveProperty(key);
    expect(spec?.network).toEqual({ mode: "none" });
  });

  it("inspects the same container as the list shows", async () => {
    const volume = await context.volume();
    const network = await context.network();
    const { id } = await context.run({
      spec: {
        mounts: { "/data": { type: "volume", source: volume } },
        network: { mode: "bridge", networks: { [network.name]: {} } },
      },
    });
    const [listed, detail] = [await context.listed(id), await context.engine.inspectContainer(id)];
    const { createdAt: listedAt, ...rest } = listed!;
    const { createdAt: detailAt, ...restOfDetail } = detail!.container;
    expect(restOfDetail).toEqual(rest);
    expect(Math.abs(detailAt - listedAt)).toBeLessThan(1000);
    expect(detail).toMatchObject({ exitCode: 0, error: "" });
  });
}
