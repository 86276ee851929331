import * as fs from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { extract } from "tar-stream";
import { describe, expect, it } from "vitest";

import { createImageBuilder } from "../../../src/drivers/image/build-image.ts";
import type { ImageBuildRequest } from "../../../src/drivers/engine/engine.ts";
import { createMemoryEngine } from "../../../src/drivers/engine/memory/memory-engine.ts";
import { nodeFiles } from "../../../src/drivers/files/node-files.ts";
import type { ImageBuild } from "../../../src/model/devcontainer/build.ts";
import { contextFixture } from "./context-fixture.ts";

const LABELS = { "devc.build.workspace": "acme", "devc.build.root": "/r", "devc.build.address": "image/web" };
const TAG = "localhost/devc/acme/web:1";

type Sent = { request: ImageBuildRequest; files: Record<string, string> };

/** Builds on an engine that takes the request apart. */
async function send(build: ImageBuild, env: Record<string, string> = {}): Promise<Sent> {
  const memory = createMemoryEngine({ clock: Date, images: { "debian:12": {} } });
  let sent: Sent | undefined;
  const engine = {
    ...memory,
    async buildImage(request: ImageBuildRequest) {
      const files: Record<string, string> = {};
      const unpacker = extract();
      request
        .context()
        .on("error", (error) => unpacker.destroy(error))
        .pipe(unpacker as unknown as NodeJS.WritableStream);
      for await (const entry of unpacker) {
        files[entry.header.name] = await text(entry as unknown as NodeJS.ReadableStream as never);
      }
      sent = { request, files };
      return { id: "sha256:1" };
    },
  };
  const options = { labels: LABELS, onOutput: () => {}, signal: new AbortController().signal };
  await createImageBuilder({ fs: nodeFiles, env })(engine, TAG, build, options);
  return sent!;
}

describe("an image build", () => {
  it("sends the context and everything that was decided, and notes what it is made of", async () => {
    using fixture = contextFixture({
      Dockerfile: "FROM debian:12\nCOPY --from=absent:1 /a /a\n",
      "src/a": "1",
      token: "t0ken",
    });
    const build = fixture.build({
      args: { A: "1" },
      options: ["--secret=id=one,src=token", "--secret=id=two,env=TWO", "--network=none", "--label=mine=1"],
    });
    const base = await createMemoryEngine({ clock: Date, images: { "debian:12": {} } }).inspectImage("debian:12");
    const { request, files } = await send(build, { TWO: "2" });
    const { context: _context, onOutput: _onOutput, signal: _signal, ...decided } = request;
    expect(decided).toEqual({
      tag: TAG,
      dockerfile: "Dockerfile",
      args: { A: "1" },
      cacheFrom: [],
      labels: {
        mine: "1",
        ...LABELS,
        "devc.build.inputs": build.inputs,
        "devc.build.bases": JSON.stringify({ "debian:12": base!.id }),
      },
      extraHosts: {},
      network: "none",
      secrets: { one: new Uint8Array(Buffer.from("t0ken")), two: Buffer.from("2") },
    });
    expect(Object.keys(files)).toEqual(["Dockerfile", "src/", "src/a", "token"]);
    expect(files["src/a"]).toBe("1");
  });

  it("sends a text without a context", async () => {
    const dockerfile = { text: `FROM sha256:${"0".repeat(64)}\n` };
    const nothing = { args: {}, cacheFrom: [], secrets: {}, labels: {}, extraHosts: {}, bases: [], inputs: "i" };
    const { request, files } = await send({ dockerfile, ...nothing, classic: true });
    expect(request).toMatchObject({ dockerfile: "Dockerfile", classic: true });
    expect(files).toEqual({ Dockerfile: dockerfile.text });
  });

  it("sends a Dockerfile from outside the context or behind a link under a name of its own", async () => {
    using fixture = contextFixture({ "docker/File": "FROM a\n", "app/x": "1" });
    const outside = await send(fixture.build({ dockerfile: "docker/File", context: "app" }));
    expect(outside.request.dockerfile).toMatch(/^\.devc-[0-9a-f]{16}\.Dockerfile$/);
    expect(outside.files).toEqual({ x: "1", [outside.request.dockerfile]: "FROM a\n" });
    fs.symlinkSync("../docker/File", join(fixture.root, "app/File"));
    const linked = await send(fixture.build({ dockerfile: "app/File" }));
    expect(linked.files[linked.request.dockerfile]).toBe("FROM a\n");
  });

  it.each<[string, (fixture: ReturnType<typeof contextFixture>) => void]>([
    ["a file", ({ write }) => write("src/a", "2")],
    ["the set of files", ({ write }) => write("src/b", "")],
    ["the Dockerfile", ({ write }) => write("Dockerfile", "FROM debian:13\n")],
  ])("refuses to build something else than was planned: %s has changed", async (_title, change) => {
    using fixture = contextFixture({ Dockerfile: "FROM debian:12\n", "src/a": "1" });
    const build = fixture.build();
    change(fixture);
    await expect(send(build)).rejects.toMatchObject({
      code: "plan-stale",
      message: `what ${TAG} is built from has changed since the plan was made`,
    });
  });

  it("says which secret it cannot have, and never what is in one", async () => {
    using fixture = contextFixture({ Dockerfile: "FROM a\n", token: "t0ken" });
    await expect(send(fixture.build({ options: ["--secret=id=x,env=NOT_SET"] }))).rejects.toMatchObject({
      code: "build-failed",
      message: `${TAG} cannot be built: the secret x is to be $NOT_SET, which is not set`,
    });
    const build = fixture.build({ options: ["--secret=id=x,src=token"] });
    fixture.write("token", "x".repeat(500 * 1024 + 1));
    await expect(send(build)).rejects.toThrow("the secret x is larger than 500 KiB");
    fs.rmSync(join(fixture.root, "token"));
    await expect(send(build)).rejects.toThrow(/the secret x cannot be read from .*token: ENOENT$/);
  });
});
