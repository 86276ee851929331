import { text as streamText } from "node:stream/consumers";

import { expect, it, vi } from "vitest";

import type { ContainerSpec } from "../../../src/model/spec.ts";
import { PATIENCE, restrictTo, type Context } from "./context.ts";

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
  { title: "shared memory", spec: async () => ({ shmSize: 128 * 1024 ** 2 }) },
  { title: "shared memory of the default size", spec: async () => ({ shmSize: 64 * 1024 ** 2 }) },
  {
    title: "limits of processes",
    spec: async () => ({
      ulimits: { nofile: { soft: 1024, hard: 2048 }, nproc: { soft: 900, hard: 900 }, fsize: { soft: -1, hard: -1 } },
    }),
  },
  {
    title: "further hosts",
    spec: async (context) => ({
      extraHosts: { db: "10.1.2.3", six: "fd00::1" },
      network: { mode: "bridge", networks: { [(await context.network()).name]: {} } },
    }),
  },
  { title: "further groups", spec: async () => ({ groups: { "4242": true, audio: true } }) },
  { title: "labels of the person's own", spec: async () => ({ labels: { "com.example/x": "a=b", empty: "" } }) },
  { title: "stop signal by name", spec: async () => ({ stopSignal: "SIGINT" }) },
  { title: "stop signal by number", spec: async () => ({ stopSignal: "10" }) },
  { title: "the default stop signal", spec: async () => ({ stopSignal: "SIGTERM" }) },
  { title: "a real-time stop signal", spec: async () => ({ stopSignal: "SIGRTMIN+3" }) },
  { title: "read-only root", spec: async () => ({ readOnlyRoot: true }) },
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
    const absent =
      "resources capabilities mounts noNewPrivileges init gpus shmSize ulimits extraHosts groups labels stopSignal readOnlyRoot";
    for (const key of absent.split(" ")) expect(spec).not.toHaveProperty(key);
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

/** What of the rarer members a process sees. */
export function effectCases(context: Context): void {
  const output = async (id: string, script: string): Promise<string> => {
    const { stdout, stderr, exit } = await context.engine.exec(id, {
      command: ["sh", "-c", script],
      tty: false,
      stdin: false,
    });
    const [text, errors] = await Promise.all([streamText(stdout), streamText(stderr)]);
    expect([await exit, errors]).toEqual([0, ""]);
    return text.trim();
  };

  it("gives processes the limits, hosts, groups, shared memory and read-only root that were asked for", async () => {
    const { id } = await context.run({
      spec: {
        shmSize: 128 * 1024 ** 2,
        ulimits: { nofile: { soft: 1000, hard: 2000 }, nproc: { soft: 900, hard: 900 }, fsize: { soft: -1, hard: -1 } },
        extraHosts: { db: "10.1.2.3" },
        groups: { "4242": true },
        readOnlyRoot: true,
        network: { mode: "bridge", networks: { [(await context.network()).name]: {} } },
      },
    });
    // Of process 1: what runs later may have its soft limits raised by the runtime.
    const limits = await output(id, "grep -E '^Max (file size|processes|open files)' /proc/1/limits");
    expect(limits.split("\n").map((line) => line.trim().split(/ {2,}/).slice(0, 3))).toEqual([
      ["Max file size", "unlimited", "unlimited"],
      ["Max processes", "900", "900"],
      ["Max open files", "1000", "2000"],
    ]);
    expect(await output(id, "grep -w db /etc/hosts")).toMatch(/^10\.1\.2\.3\s/);
    expect((await output(id, "id -G")).split(" ")).toContain("4242");
    expect(await output(id, "df -k /dev/shm | tail -1 | awk '{print $2}'")).toBe(String(128 * 1024));
    expect(await output(id, "touch /x 2>/dev/null && echo written || echo refused")).toBe("refused");
  });

  it("puts the init before the command, or says that the engine has none", async () => {
    const plain = await context.run();
    expect(await output(plain.id, "cat /proc/1/comm")).toBe("sleep");
    const attempt = context.run({ spec: { init: true } });
    const refused = await attempt.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (refused) {
      expect(refused).toMatchObject({ code: "engine-rejected", hint: expect.stringContaining("install it") });
      return;
    }
    const { id } = await attempt;
    expect((await context.engine.inspectContainer(id))?.spec.init).toBe(true);
    expect(await output(id, "cat /proc/1/comm")).not.toBe("sleep");
  });

  it("sends the stop signal that was asked for", async () => {
    const script = "trap 'exit 42' USR2; echo ready; while :; do sleep 0.05; done";
    const { id } = await context.run({
      spec: { entrypoint: ["sh", "-c", script], command: [], stopSignal: "SIGUSR2" },
    });
    await vi.waitFor(async () => expect(await context.engine.logTail(id, 1)).toEqual(["ready"]), PATIENCE);
    await context.engine.stopContainer(id, { graceSeconds: 30 });
    expect((await context.engine.inspectContainer(id))?.exitCode).toBe(42);
  });

  it("keeps labels that say whose a container is from being asked for", async () => {
    const labels = { "devc.workspace": context.workspace, mine: "engine" };
    const { id } = await context.create({
      labels,
      spec: { labels: { "devc.workspace": "evil", own: "1", mine: "2" } },
    });
    expect((await context.listed(id))?.labels).toMatchObject({ ...labels, own: "1" });
  });
}
