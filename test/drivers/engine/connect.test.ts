import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { describe, expect, it } from "vitest";

import { connectEngine } from "../../../src/drivers/engine/connect.ts";
import type { Engine } from "../../../src/drivers/engine/engine.ts";
import { scriptEngine } from "./scripted-engine.ts";
import type { ScriptedEngine } from "./scripted-engine.ts";

const LISTS = {
  "GET /v1.41/containers/json": { json: [] },
  "GET /v1.41/networks": { json: [] },
  "GET /v1.41/volumes": { json: { Volumes: null } },
  "GET /v1.41/images/debian:bookworm-slim/json": { json: { Id: "sha256:1", Config: { User: "", Labels: null } } },
};

function connect(engine: ScriptedEngine, now = () => 1_000_000): Engine {
  return connectEngine(engine.url, { cacheDir: join(engine.folder, "cache"), clock: { now, sleep: async () => {} } });
}

/** What a plan asks when nothing is to be done. */
async function look(engine: Engine): Promise<void> {
  await Promise.all([
    engine.listContainers({ workspace: "acme" }),
    engine.listNetworks({ workspace: "acme" }),
    engine.listVolumes({ workspace: "acme" }),
    engine.inspectImage("debian:bookworm-slim"),
    engine.facts(),
  ]);
}

describe("the requests of a plan with nothing to do", () => {
  it("are three lists and an image inspect once the engine is known", async () => {
    await using scripted = await scriptEngine(LISTS);
    const first = connect(scripted);
    await look(first);
    first.close();
    expect(scripted.asked.filter((line) => !line.includes("/v1.41/")).toSorted()).toEqual([
      "GET /info",
      "GET /version",
    ]);
    scripted.asked.length = 0;
    const second = connect(scripted);
    await look(second);
    second.close();
    const label = "%7B%22label%22%3A%5B%22devc.workspace%3Dacme%22%5D%7D";
    expect(scripted.asked.toSorted()).toEqual([
      `GET /v1.41/containers/json?all=true&filters=${label}`,
      "GET /v1.41/images/debian:bookworm-slim/json",
      `GET /v1.41/networks?filters=${label}`,
      `GET /v1.41/volumes?filters=${label}`,
    ]);
  });

  it("are as many with an old Podman, whose containers only name their networks", async () => {
    const id = "f".repeat(64);
    const row = {
      Id: "c",
      Names: ["/web"],
      ImageID: "sha256:1",
      Labels: null,
      State: "running",
      Status: "Up",
      Created: 1,
    };
    await using scripted = await scriptEngine({
      ...LISTS,
      "GET /version": {
        json: { ApiVersion: "1.41", Version: "4.3.1", Components: [{ Name: "Podman Engine", Version: "4.3.1" }] },
      },
      "GET /v4.3.1/libpod/info": {
        json: { host: { ociRuntime: { name: "crun" }, security: { capabilities: "CAP_CHOWN,CAP_KILL" } } },
      },
      "GET /v1.41/containers/json": {
        json: [{ ...row, NetworkSettings: { Networks: { net: { NetworkID: "net" } } } }],
      },
      "GET /v1.41/networks": {
        json: [
          { Id: id, Name: "net", Driver: "bridge", Labels: { "devc.workspace": "acme" } },
          { Id: "0".repeat(64), Name: "other", Driver: "bridge", Labels: {} },
        ],
      },
    });
    const engine = connect(scripted);
    await engine.facts();
    scripted.asked.length = 0;
    const [containers, networks] = await Promise.all([
      engine.listContainers({ workspace: "acme" }),
      engine.listNetworks({ workspace: "acme" }),
      engine.listVolumes({ workspace: "acme" }),
    ]);
    expect(containers[0]?.networks).toEqual({ net: { id } });
    expect(networks.map(({ name }) => name)).toEqual(["net"]);
    expect(scripted.asked).toHaveLength(3);
    await engine.listNetworks();
    expect(scripted.asked).toHaveLength(4);
    engine.close();
  });

  it("load nothing but Node's own modules, and of those no TLS", async () => {
    const entry = "src/drivers/engine/connect.ts";
    const { metafile } = await build({
      entryPoints: [fileURLToPath(new URL(`../../../${entry}`, import.meta.url))],
      absWorkingDir: fileURLToPath(new URL("../../..", import.meta.url)),
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      format: "esm",
      packages: "external",
    });
    const packages = { "import-statement": new Set<string>(), "dynamic-import": new Set<string>() };
    const visited = new Set<string>();
    const visit = (path: string) => {
      if (visited.has(path)) return;
      visited.add(path);
      for (const { path: target, kind, external } of metafile.inputs[path]?.imports ?? []) {
        if (kind !== "import-statement" && kind !== "dynamic-import") continue;
        if (external || kind === "dynamic-import") packages[kind].add(target);
        else visit(target);
      }
    };
    visit(entry);
    expect([...packages["import-statement"]].filter((name) => !name.startsWith("node:"))).toEqual([]);
    const lazy = ["dockerode", "node:https", "src/drivers/engine/build.ts", "src/drivers/engine/ssh.ts"];
    expect([...packages["dynamic-import"]].toSorted()).toEqual(lazy);
  });
});

describe("what an engine said of itself", () => {
  it("is asked again when asked for afresh, or when it listens on a new socket", async () => {
    await using scripted = await scriptEngine(LISTS);
    const ask = async (fresh: boolean) => {
      const engine = connect(scripted);
      await engine.facts({ fresh });
      engine.close();
      return scripted.asked.splice(0).length;
    };
    expect([await ask(false), await ask(false), await ask(true)]).toEqual([2, 0, 2]);
    await new Promise((resolve) => scripted.server.close(resolve));
    await new Promise<void>((resolve) => scripted.server.listen(scripted.socket, resolve));
    expect([await ask(false), await ask(false)]).toEqual([2, 0]);
  });

  it("is dropped, and the question repeated, when the engine no longer speaks that version", async () => {
    const refused = {
      status: 400,
      json: { message: "client version 1.41 is too old. Minimum supported API version is 1.44" },
    };
    await using scripted = await scriptEngine({ ...LISTS, "GET /v1.41/networks": [{ json: [] }, refused] });
    const engine = connect(scripted);
    await engine.listNetworks();
    scripted.routes["GET /version"] = [{ json: { ApiVersion: "1.52", MinAPIVersion: "1.44", Version: "29" } }];
    scripted.routes["GET /v1.51/networks"] = [{ json: [{ Id: "n", Name: "n", Driver: "bridge", Labels: null }] }];
    expect(await engine.listNetworks()).toHaveLength(1);
    expect((await engine.facts()).apiVersion).toBe("1.51");
    engine.close();
  });

  it("is dropped when a creation is refused, for it was compiled for something else", async () => {
    const refused = {
      status: 400,
      json: { message: "Range of CPUs is from 0.01 to 1.00, as there are only 1 CPUs available" },
    };
    await using scripted = await scriptEngine({ ...LISTS, "POST /v1.41/containers/create": refused });
    const engine = connect(scripted);
    await engine.facts();
    const spec = { image: "debian", network: { mode: "none" as const } };
    await expect(engine.createContainer({ name: "a", imageId: "sha256:1", labels: {}, spec })).rejects.toMatchObject({
      code: "engine-rejected",
    });
    scripted.asked.length = 0;
    await engine.facts();
    expect(scripted.asked).toContain("GET /info");
    engine.close();
  });

  it.each([
    ["is too old for devc", { ApiVersion: "1.39", Version: "18.09" }, "newer"],
    ["is too new for devc", { ApiVersion: "1.99", MinAPIVersion: "1.60", Version: "40" }, "newer devc"],
  ])("%s", async (_title, version, hint) => {
    await using scripted = await scriptEngine({ "GET /version": { json: version } });
    const engine = connect(scripted);
    await expect(engine.listNetworks()).rejects.toMatchObject({
      code: "engine-rejected",
      hint: expect.stringContaining(hint),
    });
    engine.close();
  });
});

describe("creating on several networks with an engine that takes one", () => {
  const spec = {
    image: "debian",
    network: { mode: "bridge" as const, networks: { a: {}, b: { aliases: ["db"] }, c: {} } },
  };
  const request = { name: "web", imageId: "sha256:1", labels: {}, spec };
  const created = { "POST /v1.41/containers/create": { status: 201, json: { Id: "c1" } } };

  it("connects the others one by one", async () => {
    await using scripted = await scriptEngine({
      ...created,
      "POST /v1.41/networks/b/connect": {},
      "POST /v1.41/networks/c/connect": {},
    });
    const engine = connect(scripted);
    expect(await engine.createContainer(request)).toEqual({ id: "c1" });
    expect(JSON.parse(scripted.bodies.at(-2) ?? "")).toEqual({ Container: "c1", EndpointConfig: { Aliases: ["db"] } });
    engine.close();
  });

  it("leaves no container behind when a connection fails, and sends no body in an address", async () => {
    await using scripted = await scriptEngine({ ...created, "DELETE /v1.41/containers/c1": { status: 204 } });
    const engine = connect(scripted);
    await expect(engine.createContainer(request)).rejects.toMatchObject({ code: "not-found" });
    expect(scripted.asked.slice(2)).toEqual([
      "POST /v1.41/containers/create?name=web",
      "POST /v1.41/networks/b/connect",
      "DELETE /v1.41/containers/c1?force=true&v=true",
    ]);
    engine.close();
  });
});

describe("a broken connection", () => {
  it("is engine-unreachable when nothing is there", async () => {
    const engine = connectEngine("unix:///nowhere/engine.sock", { cacheDir: "/nowhere/cache" });
    await expect(engine.listVolumes()).rejects.toMatchObject({
      code: "engine-unreachable",
      subject: "unix:///nowhere/engine.sock",
    });
    engine.close();
  });

  it("is engine-unreachable when it breaks in the middle of an answer", async () => {
    await using scripted = await scriptEngine({
      "GET /v1.41/volumes": (response) => {
        response.writeHead(200, { "content-length": 100 });
        response.write("{", () => response.destroy());
      },
    });
    const engine = connect(scripted);
    await expect(engine.listVolumes()).rejects.toMatchObject({ code: "engine-unreachable" });
    engine.close();
  });

  it("is tried once more for a question on a connection the engine had closed meanwhile", async () => {
    await using scripted = await scriptEngine({
      "GET /v1.41/networks": [{ json: [] }, (response) => response.socket?.destroy(), { json: [] }],
      "GET /v1.41/volumes": (response) => response.socket?.destroy(),
    });
    const engine = connect(scripted);
    await engine.listNetworks();
    expect(await engine.listNetworks()).toEqual([]);
    await expect(engine.listVolumes()).rejects.toMatchObject({ code: "engine-unreachable" });
    engine.close();
  });

  it("ends the event stream with an error, an abort without one", async () => {
    await using scripted = await scriptEngine({
      "GET /v1.41/events": [
        (response) => {
          response.writeHead(200);
          response.write('{"Type":"volume","Action":"create","Actor":{"ID":"v"},"time":1}\n', () => response.destroy());
        },
        (response) => {
          response.writeHead(200);
          response.write('{"Type":"volume","Action":"create","Actor":{"ID":"v"},"time":1}\n');
        },
      ],
    });
    const engine = connect(scripted);
    const seen: string[] = [];
    const follow = async (abort: AbortController, stop: boolean) => {
      for await (const event of engine.events({ signal: abort.signal })) {
        seen.push(event.id);
        if (stop) abort.abort();
      }
    };
    await expect(follow(new AbortController(), false)).rejects.toMatchObject({ code: "engine-unreachable" });
    await follow(new AbortController(), true);
    expect(seen).toEqual(["v", "v"]);
    engine.close();
  });
});
