import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { connectEngine } from "../../../src/drivers/engine/connect.ts";
import type { PullProgress } from "../../../src/drivers/engine/engine.ts";
import { withTag } from "../../../src/drivers/engine/pull.ts";
import { scriptEngine } from "./scripted-engine.ts";
import type { Answer, ScriptedEngine } from "./scripted-engine.ts";

const lines =
  (...values: object[]): Answer =>
  (response) => {
    response.writeHead(200);
    response.end(values.map((value) => `${JSON.stringify(value)}\r\n`).join(""));
  };

async function pull(
  answer: Answer,
  config: object = {},
): Promise<{ scripted: ScriptedEngine; seen: PullProgress[]; error: unknown }> {
  await using scripted = await scriptEngine({ "POST /v1.41/images/create": answer });
  const dockerConfig = join(scripted.folder, "config.json");
  await writeFile(dockerConfig, JSON.stringify(config));
  const engine = connectEngine(scripted.url, { cacheDir: scripted.folder, dockerConfig });
  const seen: PullProgress[] = [];
  const error = await engine.pullImage("r.io/acme/web", { onProgress: (progress) => seen.push(progress) }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  engine.close();
  return { scripted, seen, error };
}

describe("a reference to pull", () => {
  it.each([
    ["debian", "debian:latest"],
    ["debian:12", "debian:12"],
    ["localhost:5000/web", "localhost:5000/web:latest"],
    ["localhost:5000/web:1", "localhost:5000/web:1"],
    ["web@sha256:00", "web@sha256:00"],
  ])("%s is asked for as %s", (reference, full) => {
    expect(withTag(reference)).toBe(full);
  });
});

describe("a pull", () => {
  it("sums what is downloaded over the layers", async () => {
    const { seen, error } = await pull(
      lines(
        { status: "Pulling from acme/web", id: "latest" },
        { status: "Downloading", id: "a", progressDetail: { current: 10, total: 100 } },
        { status: "Downloading", id: "b", progressDetail: { current: 5, total: 50 } },
        { status: "Download complete", id: "a", progressDetail: {} },
        { status: "Extracting", id: "a", progressDetail: { current: 1, total: 100 } },
        { status: "Pull complete", id: "b", progressDetail: {} },
        { status: "Status: Downloaded newer image for r.io/acme/web:latest" },
      ),
    );
    expect(error).toBeUndefined();
    expect(seen.map(({ current, total }) => [current, total])).toEqual([
      [0, 0],
      [10, 100],
      [15, 150],
      [105, 150],
      [105, 150],
      [150, 150],
      [150, 150],
    ]);
  });

  it("sends the login of its registry and no other", async () => {
    const auths = { "r.io": { username: "ada", password: "secret" } };
    const { scripted } = await pull(lines(), { auths });
    const header = scripted.headers.at(-1)?.["x-registry-auth"] as string;
    expect(JSON.parse(Buffer.from(header, "base64url").toString())).toMatchObject({ username: "ada" });
    expect(scripted.asked.at(-1)).toBe("POST /v1.41/images/create?fromImage=r.io%2Facme%2Fweb%3Alatest");
    expect((await pull(lines(), { auths: { "other.io": auths["r.io"] } })).scripted.headers.at(-1)).not.toHaveProperty(
      "x-registry-auth",
    );
  });

  it.each<[string, Answer, string, string]>([
    [
      "an image that is not there",
      { status: 404, json: { message: "manifest unknown" } },
      "image-not-found",
      "check the reference",
    ],
    [
      "the same, told in the stream",
      lines({ error: "manifest for r.io/acme/web not found" }),
      "image-not-found",
      "check the reference",
    ],
    [
      "a login that is missing",
      { status: 500, json: { message: "unauthorized: authentication required" } },
      "image-not-found",
      "docker login r.io",
    ],
    [
      "a registry that cannot be reached",
      { status: 500, json: { message: 'Get "https://r.io/v2/": dial tcp: connection refused' } },
      "engine-error",
      "proxy",
    ],
    ["Podman's short word for that", { status: 500, json: { message: "connection refused" } }, "engine-error", "proxy"],
    [
      "the same, told in the stream",
      lines({ errorDetail: { message: "pinging container registry r.io: x509: unknown" } }),
      "engine-error",
      "proxy",
    ],
  ])("reports %s", async (_title, answer, code, hint) => {
    const { error } = await pull(answer);
    expect(error).toMatchObject({ code, subject: "r.io/acme/web", hint: expect.stringContaining(hint) });
    expect((error as { details: string[] }).details).toHaveLength(1);
  });

  it("says that credential helpers are not run", async () => {
    const denied = { status: 500, json: { message: "denied" } };
    expect((await pull(denied, { credsStore: "desktop" })).error).toMatchObject({
      hint: expect.stringContaining("credential helpers"),
    });
  });

  it("stops when it is told to", async () => {
    await using scripted = await scriptEngine({
      "POST /v1.41/images/create": (response) => {
        response.writeHead(200);
        response.write('{"status":"Pulling"}\n');
      },
    });
    const engine = connectEngine(scripted.url, { cacheDir: scripted.folder });
    const abort = new AbortController();
    const pulling = engine.pullImage("debian", { onProgress: () => abort.abort(), signal: abort.signal });
    await expect(pulling).rejects.toMatchObject({ code: "interrupted", subject: "debian" });
    engine.close();
  });
});
