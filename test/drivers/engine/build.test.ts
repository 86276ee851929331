import type { IncomingMessage, ServerResponse } from "node:http";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";

import { extract, pack } from "tar-stream";
import { describe, expect, it } from "vitest";

import { connectEngine } from "../../../src/drivers/engine/connect.ts";
import type { ImageBuildRequest } from "../../../src/drivers/engine/engine.ts";
import { scriptEngine } from "./scripted-engine.ts";
import type { Answer } from "./scripted-engine.ts";

const TAG = "localhost/web:1";
const IMAGE = { json: { Id: "a".repeat(64) } };
const PODMAN = {
  "GET /version": {
    json: { ApiVersion: "1.41", Version: "4.3.1", Components: [{ Name: "Podman Engine", Version: "4.3.1" }] },
  },
  "GET /v4.3.1/libpod/info": {
    json: { host: { ociRuntime: { name: "crun" }, security: { capabilities: "CAP_CHOWN" } } },
  },
};

const lines = (...values: object[]): Answer => {
  return (response: ServerResponse) =>
    void response.end(values.map((value) => `${JSON.stringify(value)}\r\n`).join(""));
};

function tarOf(name: string, content: string): () => Readable {
  return () => {
    const tar = pack();
    tar.entry({ name }, content);
    tar.finalize();
    return Readable.from(tar, { objectMode: false });
  };
}

function request(over: Partial<ImageBuildRequest> = {}): ImageBuildRequest {
  const nothing = { args: {}, cacheFrom: [], labels: {}, extraHosts: {}, secrets: {} };
  return {
    tag: TAG,
    context: tarOf("Dockerfile", "FROM a\n"),
    dockerfile: "Dockerfile",
    ...nothing,
    onOutput: () => {},
    ...over,
  };
}

/** Sends a build to an engine that answers so; what was asked for as its query, headers and body. */
async function build(routes: Record<string, Answer>, over: Partial<ImageBuildRequest> = {}, config?: object) {
  await using scripted = await scriptEngine({ [`GET /v1.41/images/${TAG}/json`]: IMAGE, ...routes });
  const dockerConfig = join(scripted.folder, "config.json");
  if (config) await writeFile(dockerConfig, JSON.stringify(config));
  const engine = connectEngine(scripted.url, { cacheDir: scripted.folder, dockerConfig });
  const printed: string[] = [];
  const outcome = await engine.buildImage(request({ onOutput: (line) => void printed.push(line), ...over })).then(
    ({ id }) => ({ id, error: undefined }),
    (error: unknown) => ({ id: undefined, error }),
  );
  engine.close();
  const at = scripted.asked.findIndex((asked) => asked.includes("/build?"));
  const query = new URLSearchParams(scripted.asked[at]?.split("?")[1]);
  const several = query.getAll("extrahosts");
  return {
    several,
    ...outcome,
    printed,
    query: Object.fromEntries(query),
    headers: scripted.headers[at],
    body: scripted.bodies[at],
  };
}

describe("a classic build", () => {
  it("sends the context with everything that was decided, and the logins", async () => {
    const routes = {
      "POST /v1.41/build": lines(
        { stream: "Step 1/1 : FROM a\n" },
        { stream: " ---> 1\nSuccess" },
        { stream: "ful\n" },
      ),
    };
    const auths = { "r.test": { auth: Buffer.from("me:pw").toString("base64") } };
    const { id, printed, query, several, headers, body } = await build(
      routes,
      {
        classic: true,
        args: { A: "1 & 2" },
        target: "t",
        cacheFrom: ["c:1"],
        labels: { l: "x" },
        extraHosts: { db: "10.0.0.1", six: "fd00::1" },
        network: "none",
        platform: "linux/amd64",
      },
      { auths },
    );
    expect(id).toBe(`sha256:${"a".repeat(64)}`);
    expect(printed).toEqual(["Step 1/1 : FROM a", " ---> 1", "Successful"]);
    expect(query).toEqual({
      t: TAG,
      version: "1",
      dockerfile: "Dockerfile",
      buildargs: '{"A":"1 & 2"}',
      target: "t",
      cachefrom: '["c:1"]',
      labels: '{"l":"x"}',
      extrahosts: "six:fd00::1",
      networkmode: "none",
      platform: "linux/amd64",
      rm: "true",
      forcerm: "true",
    });
    expect(several).toEqual(["db:10.0.0.1", "six:fd00::1"]);
    expect(headers).toMatchObject({ "content-type": "application/x-tar", "transfer-encoding": "chunked" });
    const login = JSON.parse(Buffer.from(String(headers?.["x-registry-config"]), "base64url").toString()) as unknown;
    expect(login).toEqual({ "r.test": { username: "me", password: "pw" } });
    expect(body).toContain("FROM a\n");
  });

  it("names the step that failed, without colours and the builder's own remarks", async () => {
    const { error, printed } = await build(
      {
        "POST /v1.41/build": lines(
          { stream: "Step 1/2 : FROM a\n" },
          { stream: "Step 2/2 : RUN npm ci\n" },
          { stream: " ---> Running in 1\n" },
          { stream: "one\n\u001B[91mtwo\n\u001B[0m" },
          { stream: "half\rwhole\n" },
          { stream: "Removing intermediate container 1\n" },
          {
            errorDetail: { code: 3, message: "The command '/bin/sh -c npm ci' returned a non-zero code: 3" },
            error: "The command '/bin/sh -c npm ci' returned a non-zero code: 3",
          },
        ),
      },
      { classic: true },
    );
    expect(error).toMatchObject({
      code: "build-failed",
      message: `${TAG} cannot be built: 'RUN npm ci' ended with exit code 3`,
      details: ["one", "two", "whole"],
    });
    expect(printed).toContain("two");
  });

  it("passes on why the engine refuses", async () => {
    const refused = { status: 400, json: { message: "dockerfile parse error line 2: unknown instruction: FROB" } };
    const { error } = await build({ "POST /v1.41/build": refused }, { classic: true });
    const message = `${TAG} cannot be built: the builder refused: dockerfile parse error line 2: unknown instruction: FROB`;
    expect(error).toMatchObject({ code: "build-failed", message });
  });

  it.each([
    "pull access denied for x, repository does not exist or may require 'docker login'",
    "manifest for x:y not found: manifest unknown",
    'Get "https://registry.test/v2/": dial tcp: lookup registry.test: no such host',
  ])("takes for a missing image: %s", async (words) => {
    const { error } = await build({ "POST /v1.41/build": lines({ error: words }) }, { classic: true });
    expect(error).toMatchObject({ code: "image-not-found", details: [words] });
  });
});

describe("a build on Podman", () => {
  it("sends secrets before the context, by names that nothing else has", async () => {
    const secrets = { token: Buffer.from("t0ken"), other: Buffer.from("0ther") };
    const routes = { ...PODMAN, "POST /v1.41/build": lines({ stream: "STEP 1/1: FROM a\n" }) };
    const over = { secrets, extraHosts: { db: "10.0.0.1" }, cacheFrom: ["c"] };
    const { error, query, body } = await build(routes, over);
    expect(error).toBeUndefined();
    const { secrets: named = "[]", ...rest } = query;
    const [first, second] = JSON.parse(named) as [string, string];
    expect(first).toMatch(/^id=token,src=podman-build-secret-[0-9a-f]{32}$/);
    expect(second).toMatch(/^id=other,src=podman-build-secret-[0-9a-f]{32}$/);
    expect(rest).toEqual({
      t: TAG,
      dockerfile: "Dockerfile",
      buildargs: "{}",
      labels: "{}",
      extrahosts: '["db:10.0.0.1"]',
      layers: "true",
      rm: "true",
      forcerm: "true",
    });
    const unpacker = extract();
    unpacker.end(Buffer.from(body ?? ""));
    const names: string[] = [];
    for await (const entry of unpacker) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names).toEqual([first.slice("id=token,src=".length), second.slice("id=other,src=".length), "Dockerfile"]);
  });
});

describe("a build whose context breaks off", () => {
  it("ends with the context's error", async () => {
    const gone = new Error("the disk is gone");
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(512);
      throw gone;
    }
    const never: Answer = (_response: ServerResponse, _request: IncomingMessage) => {};
    const context = () => Readable.from(broken(), { objectMode: false });
    const { error } = await build({ "POST /v1.41/build": never }, { classic: true, context });
    expect(error).toMatchObject({ cause: gone });
  });
});
