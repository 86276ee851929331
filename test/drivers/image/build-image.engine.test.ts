import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { createImageBuilder } from "../../../src/drivers/image/build-image.ts";
import { connectEngine } from "../../../src/drivers/engine/connect.ts";
import type { Engine } from "../../../src/drivers/engine/engine.ts";
import { nodeFiles } from "../../../src/drivers/files/node-files.ts";
import { buildReason } from "../../../src/model/devcontainer/build.ts";
import type { ImageBuild } from "../../../src/model/devcontainer/build.ts";
import { testEngines } from "../../support/engines.ts";
import { contextFixture } from "./context-fixture.ts";

const BASE = "debian:bookworm-slim";

/** A connection and a tag, both gone with the test. */
function useEngine(endpoint: string, cacheDir: string): { engine: Engine; tag: string } & AsyncDisposable {
  const engine = connectEngine(endpoint, { cacheDir });
  const tag = `localhost/devc-build-${randomBytes(5).toString("hex")}:latest`;
  return {
    engine,
    tag,
    async [Symbol.asyncDispose]() {
      await engine.removeImage(tag);
      engine.close();
    },
  };
}

async function run(engine: Engine, tag: string, build: ImageBuild): Promise<string[]> {
  const lines: string[] = [];
  const options = {
    labels: {},
    onOutput: (line: string) => void lines.push(line),
    signal: new AbortController().signal,
  };
  await createImageBuilder({ fs: nodeFiles, env: {} })(engine, tag, build, options);
  return lines;
}

describe.each(testEngines)("an image build on $name", ({ endpoint }) => {
  it("copies what the rules leave in, with modes and links, and is then up to date until it changes", async () => {
    using fixture = contextFixture({
      Dockerfile: `FROM ${BASE}\nCOPY . /src/\nRUN cd /src && find . | sort | tr '\\n' ' ' && ./run && cat link && ls -ln a # ${randomBytes(4).toString("hex")}\n`,
      ".dockerignore": "ignored\n*.log\n!keep.log\nDockerfile\n.dockerignore\n",
      run: "#!/bin/sh\necho it-runs\n",
      a: "content-of-a\n",
      "x.log": "",
      "keep.log": "",
      "ignored/b": "",
      "deep/er/grün ☂": "",
    });
    fs.chmodSync(join(fixture.root, "run"), 0o755);
    fs.symlinkSync("a", join(fixture.root, "link"));
    await using used = useEngine(endpoint, fixture.cacheDir);
    const { engine, tag } = used;
    const images = async (build: ImageBuild) => {
      const references = [tag, ...build.bases];
      const facts = await Promise.all(references.map((reference) => engine.inspectImage(reference)));
      return Object.fromEntries(references.map((reference, index) => [reference, facts[index]]));
    };
    const build = fixture.build();
    expect(buildReason(tag, build, await images(build))).toBe("missing");
    const output = (await run(engine, tag, build)).join("\n");
    expect(output).toContain("./a ./deep ./deep/er ./deep/er/grün ☂ ./keep.log ./link ./run");
    expect(output).not.toMatch(/\.\/ignored|\.\/x\.log/);
    expect(output).toContain("it-runs");
    expect(output).toContain("content-of-a");
    expect(output).toMatch(/-rw-r--r--\s+1 0\s+0\s+13/);
    expect(buildReason(tag, build, await images(build))).toBeUndefined();
    fixture.write("ignored/b", "other");
    expect(buildReason(tag, fixture.build(), await images(build))).toBeUndefined();
    fixture.write("a", "other");
    expect(buildReason(tag, fixture.build(), await images(build))).toBe("inputs-changed");
  });

  it("sends a large context as a stream", async () => {
    using fixture = contextFixture({ Dockerfile: `FROM ${BASE}\nCOPY small /small\n`, small: "s", big: "" });
    fs.truncateSync(join(fixture.root, "big"), 300 * 1024 ** 2);
    await using used = useEngine(endpoint, fixture.cacheDir);
    const build = fixture.build();
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 20);
    const before = process.memoryUsage().arrayBuffers;
    await run(used.engine, used.tag, build).finally(() => clearInterval(watch));
    expect(most).toBeGreaterThan(0);
    expect(most - before).toBeLessThan(150 * 1024 ** 2);
  });

  it("tags nothing when the context changes while it is planned and built", async () => {
    using fixture = contextFixture({ Dockerfile: `FROM ${BASE}\nCOPY a /a\n`, a: "1" });
    await using used = useEngine(endpoint, fixture.cacheDir);
    const build = fixture.build();
    fixture.write("a", "2");
    await expect(run(used.engine, used.tag, build)).rejects.toMatchObject({ code: "plan-stale" });
    expect(await used.engine.inspectImage(used.tag)).toBeUndefined();
  });
});
