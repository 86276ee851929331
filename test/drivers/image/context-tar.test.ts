import * as fs from "node:fs";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";

import { extract } from "tar-stream";
import { describe, expect, it } from "vitest";

import { contextTar } from "../../../src/drivers/image/context-tar.ts";
import type { TarContent } from "../../../src/drivers/image/context-tar.ts";
import { walkContext } from "../../../src/drivers/image/context-walk.ts";
import { nodeFiles } from "../../../src/drivers/files/node-files.ts";
import { DevcError } from "../../../src/model/errors.ts";
import { sha256 } from "../../../src/model/json.ts";
import { contextFixture } from "./context-fixture.ts";

function content(root: string, over: Partial<TarContent> = {}): TarContent {
  const { entries } = walkContext(nodeFiles, root, undefined);
  return { context: root, entries, extra: [], verify: () => {}, ...over };
}

/** Entries as `type name mode text`. */
async function unpack(bytes: Buffer): Promise<string[]> {
  const unpacker = extract();
  unpacker.end(bytes);
  const lines: string[] = [];
  for await (const entry of unpacker) {
    const { type, name, mode, uid, gid, linkname } = entry.header;
    expect([uid, gid]).toEqual([0, 0]);
    const body = await text(entry as unknown as AsyncIterable<Uint8Array> as never);
    lines.push([type, name, mode.toString(8), linkname ?? body].join(" "));
  }
  return lines;
}

describe("the tar of a context", () => {
  it("holds files, folders and links with their modes, and further files", async () => {
    using fixture = contextFixture({
      "src/run.sh": "#!",
      [`${"long-".repeat(30)}name`]: "x",
      "grün ☂": "y",
      empty: "",
    });
    const { root } = fixture;
    fs.chmodSync(join(root, "src/run.sh"), 0o755);
    fs.chmodSync(join(root, "empty"), 0o600);
    fs.symlinkSync("run.sh", join(root, "src/link"));
    const extra = [{ path: "Extra", content: Buffer.from("more") }];
    const lines = await unpack(await buffer(contextTar(nodeFiles, content(root, { extra }))));
    expect(lines).toEqual([
      "file empty 600 ",
      "file grün ☂ 644 y",
      `file ${"long-".repeat(30)}name 644 x`,
      "directory src/ 755 ",
      "symlink src/link 777 run.sh",
      "file src/run.sh 755 #!",
      "file Extra 644 more",
    ]);
  });

  it("is the same for the same content and times", async () => {
    using fixture = contextFixture({ b: "1", "a/c": "2" });
    const tar = () => buffer(contextTar(nodeFiles, content(fixture.root)));
    expect(await tar()).toEqual(await tar());
  });

  it("shows what was sent before it ends, and breaks off when that is refused", async () => {
    using fixture = contextFixture({ a: "one" });
    const seen: string[] = [];
    const verify: TarContent["verify"] = (contentOf) => {
      seen.push(contentOf(content(fixture.root).entries[0]!));
      throw new DevcError("plan-stale", "other content");
    };
    await expect(buffer(contextTar(nodeFiles, content(fixture.root, { verify })))).rejects.toThrow("other content");
    expect(seen).toEqual([sha256("one")]);
  });

  it.each([
    ["grows", (path: string) => fs.writeFileSync(path, "longer")],
    ["shrinks", (path: string) => fs.writeFileSync(path, "")],
    ["goes", (path: string) => fs.rmSync(path)],
    ["becomes a link", (path: string) => (fs.rmSync(path), fs.symlinkSync("/etc/passwd", path))],
  ])("ends with an error when a file %s before it is sent", async (_title, change) => {
    using fixture = contextFixture({ a: "one", b: "two" });
    const prepared = content(fixture.root);
    change(join(fixture.root, "b"));
    const error = await buffer(contextTar(nodeFiles, prepared)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "plan-stale",
      message: `${join(fixture.root, "b")} changed while it was sent to the builder`,
    });
  });

  it("holds no large file in memory", async () => {
    using fixture = contextFixture({});
    const size = 300 * 1024 ** 2;
    fixture.write("big", "");
    fs.truncateSync(join(fixture.root, "big"), size);
    let sent = 0;
    let most = 0;
    const before = process.memoryUsage().arrayBuffers;
    for await (const chunk of contextTar(nodeFiles, content(fixture.root)) as AsyncIterable<Buffer>) {
      sent += chunk.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(sent).toBeGreaterThan(size);
    expect(most).toBeLessThan(size / 3);
  });

  it("stops reading when nobody takes it any more", async () => {
    using fixture = contextFixture({ a: "x".repeat(1024 ** 2), b: "y" });
    const tar = contextTar(fixture.counted.files, content(fixture.root));
    for await (const _chunk of tar) break;
    expect(tar.destroyed).toBe(true);
    expect(fixture.counted.read).toEqual(["a"]);
  });
});
