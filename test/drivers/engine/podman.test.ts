import { describe, expect, it } from "vitest";

import { connectEngine } from "../../../src/drivers/engine/connect.ts";
import type { ConnectOptions } from "../../../src/drivers/engine/connect.ts";
import type { Engine } from "../../../src/drivers/engine/engine.ts";
import type { ContainerSpec } from "../../../src/model/spec.ts";
import { scriptEngine } from "./scripted-engine.ts";
import type { Answer, ScriptedEngine } from "./scripted-engine.ts";

const ID = "c".repeat(64);
const ENDED = Date.parse("2026-01-01T00:00:00Z");
const OLD_LIMITS = { Memory: 1024, CpuQuota: 50_000, CpuPeriod: 100_000, PidsLimit: 10 };

/** Says it is Podman 4.3.1, whose updates change no record. */
function podman(routes: Record<string, Answer | Answer[]>): Promise<ScriptedEngine> {
  return scriptEngine({
    "GET /version": {
      json: { ApiVersion: "1.41", Version: "4.3.1", Components: [{ Name: "Podman Engine", Version: "4.3.1" }] },
    },
    "GET /v4.3.1/libpod/info": {
      json: { host: { ociRuntime: { name: "crun" }, security: { capabilities: "CAP_CHOWN" } } },
    },
    ...routes,
  });
}

function inspect(state: object): Answer {
  const State = {
    Status: "exited",
    Running: false,
    Paused: false,
    Pid: 0,
    ExitCode: 0,
    Error: "",
    StartedAt: "",
    FinishedAt: new Date(ENDED).toISOString(),
    ...state,
  };
  const json = {
    Id: ID,
    Name: "/web",
    Created: "2026-01-01T00:00:00Z",
    Image: "sha256:1",
    State,
    Config: {},
    HostConfig: { NetworkMode: "none", ...OLD_LIMITS },
  };
  return { json };
}

function connect(scripted: ScriptedEngine, more: Partial<ConnectOptions> = {}): Engine & AsyncDisposable {
  const engine = connectEngine(scripted.url, { cacheDir: scripted.folder, readText: () => undefined, ...more });
  return { ...engine, [Symbol.asyncDispose]: async () => engine.close() };
}

const status = (Status: string): Answer => ({ json: { State: { Status } } });
const INIT = `POST /v4.3.1/libpod/containers/${ID}/init`;
const UPDATE = `POST /v4.3.1/libpod/containers/${ID}/update`;
const NATIVE = `GET /v4.3.1/libpod/containers/${ID}/json`;
const COMPAT = `GET /v1.41/containers/${ID}/json`;

describe("limits of a container that does not run, with a Podman that forgets", () => {
  it("are set on the initialised container, again when a late clean-up undid it, after the time for that", async () => {
    await using scripted = await podman({
      [COMPAT]: inspect({}),
      [INIT]: { status: 204 },
      [UPDATE]: [{ status: 500, json: { message: "runc update failed: exit status 1" } }, { status: 201 }],
      [NATIVE]: [status("created"), status("initialized")],
    });
    const slept: number[] = [];
    const clock = { now: () => ENDED + 500, sleep: async (ms: number) => void slept.push(ms) };
    await using engine = connect(scripted, { clock });
    await engine.updateContainer(ID, { memory: 2048, pids: 20 });
    expect(slept).toEqual([1_500]);
    expect(scripted.asked.filter((line) => line === INIT)).toHaveLength(2);
    const bodies = scripted.bodies.filter((body) => body.includes("limit"));
    expect(bodies.map((body) => JSON.parse(body) as object)).toEqual(
      Array.from({ length: 2 }, () => ({ memory: { limit: 2048, swap: 2048 }, pids: { limit: 20 } })),
    );
  });

  it("are an error when the update is refused for good, or undone every time", async () => {
    const refused = { status: 500, json: { message: "runc update failed: exit status 1" } };
    const clock = { now: () => ENDED + 60_000, sleep: async () => {} };
    const routes = { [COMPAT]: inspect({}), [INIT]: { status: 204 } };
    await using refusing = await podman({ ...routes, [UPDATE]: refused, [NATIVE]: status("initialized") });
    await using first = connect(refusing, { clock });
    await expect(first.updateContainer(ID, { pids: 20 })).rejects.toMatchObject({
      message: expect.stringContaining("runc update failed"),
    });
    await using undoing = await podman({ ...routes, [UPDATE]: { status: 201 }, [NATIVE]: status("created") });
    await using second = connect(undoing, { clock });
    await expect(second.updateContainer(ID, { pids: 20 })).rejects.toMatchObject({
      code: "engine-error",
      hint: "start it and try again",
    });
  });
});

describe("limits of a running container, with a Podman that shows old ones", () => {
  const RUNNING = { [COMPAT]: inspect({ Status: "running", Running: true, Pid: 7 }) };
  const group = `/sys/fs/cgroup/x/libpod-${ID}.scope`;
  const files: Record<string, string> = {
    "/proc/7/cgroup": `0::/x/libpod-${ID}.scope/container\n`,
    [`${group}/memory.max`]: "4096\n",
    [`${group}/cpu.max`]: "25000 100000\n",
    [`${group}/pids.max`]: "max\n",
  };

  it("are those of its control group", async () => {
    await using scripted = await podman(RUNNING);
    await using engine = connect(scripted, { readText: (path) => files[path] });
    expect((await engine.inspectContainer(ID))?.spec.resources).toEqual({ memory: 4096, nanoCpus: 250_000_000 });
  });

  it("are an error when nothing tells them", async () => {
    await using scripted = await podman(RUNNING);
    await using engine = connect(scripted);
    await expect(engine.inspectContainer(ID)).rejects.toMatchObject({
      code: "engine-error",
      hint: expect.stringContaining("5.1"),
    });
  });

  it("are those of the record when it ended meanwhile", async () => {
    await using scripted = await podman({
      [COMPAT]: [...[RUNNING[COMPAT]].flatMap((answer) => answer ?? []), inspect({})],
      [NATIVE]: status("exited"),
    });
    await using engine = connect(scripted);
    expect((await engine.inspectContainer(ID))?.spec.resources).toEqual({
      memory: 1024,
      nanoCpus: 500_000_000,
      pids: 10,
    });
  });
});

describe("what Podman would take and not do", () => {
  const request = (over: Partial<ContainerSpec>) => ({
    name: "web",
    imageId: "sha256:1",
    labels: {},
    spec: { image: "debian", network: { mode: "none" as const }, ...over },
  });

  it.each<[string, Partial<ContainerSpec>, string]>([
    ["a runtime other than its own", { runtime: "runsc" }, "crun, not with runsc"],
    [
      "more CPUs than it has",
      { resources: { nanoCpus: 2_500_000_000 } },
      "2.5 CPUs were asked for and the engine has 2",
    ],
  ])("is refused: %s", async (_title, over, message) => {
    await using scripted = await podman({});
    await using engine = connect(scripted);
    const creating = engine.createContainer(request(over));
    await expect(creating).rejects.toMatchObject({
      code: "engine-rejected",
      message: expect.stringContaining(message),
    });
    expect(scripted.asked.some((line) => line.startsWith("POST"))).toBe(false);
  });

  it("is done in another way: stopping what is paused, removing a network by its name", async () => {
    await using scripted = await podman({
      [`POST /v1.41/containers/${ID}/stop`]: [
        {
          status: 500,
          json: { message: "container is running or paused, refusing to clean up: container state improper" },
        },
        { status: 204 },
      ],
      [`POST /v1.41/containers/${ID}/unpause`]: { status: 204 },
      "GET /v1.41/networks/n1": { json: { Id: "n1", Name: "net", Driver: "bridge", Labels: {} } },
      "DELETE /v1.41/networks/net": { status: 204 },
    });
    await using engine = connect(scripted);
    await engine.stopContainer(ID, { graceSeconds: 3 });
    await engine.removeNetwork("n1");
    await engine.removeNetwork("n2");
    expect(scripted.asked.filter((line) => !line.startsWith("GET"))).toEqual([
      `POST /v1.41/containers/${ID}/stop?t=3`,
      `POST /v1.41/containers/${ID}/unpause`,
      `POST /v1.41/containers/${ID}/stop?t=3`,
      "DELETE /v1.41/networks/net",
    ]);
  });
});
