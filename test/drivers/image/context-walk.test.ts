import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { walkContext } from "../../../src/drivers/image/context-walk.ts";
import { contextFixture } from "./context-fixture.ts";

/** What is sent: paths, `/` behind folders, `?` behind what the rules leave out. */
function sent(files: Record<string, string>, dockerfile = "Dockerfile"): string[] {
  using fixture = contextFixture(files);
  return walkContext(fixture.counted.files, fixture.root, dockerfile).entries.map(
    ({ path, identity, unasked }) => `${path}${identity.kind === "directory" ? "/" : ""}${unasked ? "?" : ""}`,
  );
}

describe("a walk through a context", () => {
  it("lists everything, sorted, when there are no rules", () => {
    expect(sent({ Dockerfile: "", "b/c/d": "", "b/a": "", "a-b": "", "a/x": "" })).toEqual([
      "Dockerfile",
      "a/",
      "a-b",
      "a/x",
      "b/",
      "b/a",
      "b/c/",
      "b/c/d",
    ]);
  });

  it.each([
    ["node_modules", ["src/", "src/a.ts", "src/node_modules/", "src/node_modules/z"]],
    ["**/node_modules", ["src/", "src/a.ts"]],
    ["/src\n# node_modules\n\n", ["node_modules/", "node_modules/x/", "node_modules/x/y"]],
    ["*\n!src/a.ts", ["src/", "src/a.ts"]],
    ["**\n!**/*.ts", ["src/", "src/a.ts"]],
    ["*\n!src\nsrc/node_modules", ["src/", "src/a.ts"]],
    ["src/?.ts\nn*", ["src/", "src/node_modules/", "src/node_modules/z"]],
    ["SRC\nnode_modules/", ["src/", "src/a.ts", "src/node_modules/", "src/node_modules/z"]],
    ["node_modules\n!node_modules/x/y\nsrc", ["node_modules/", "node_modules/x/", "node_modules/x/y"]],
  ])("leaves out what the rules say: %j", (rules, expected) => {
    const files = { "src/a.ts": "", "src/node_modules/z": "", "node_modules/x/y": "", Dockerfile: "" };
    const always = (path: string) => !/^(Dockerfile|\.dockerignore)\??$/.test(path);
    expect(sent({ ...files, ".dockerignore": rules }).filter(always)).toEqual(expected);
  });

  it("sends the Dockerfile and the rules whatever these say", () => {
    expect(sent({ Dockerfile: "", ".dockerignore": "*", a: "" })).toEqual([".dockerignore?", "Dockerfile?"]);
    expect(sent({ "d/e/File": "", ".dockerignore": "d\n.dockerignore", "d/x": "", a: "" }, "d/e/File")).toEqual([
      ".dockerignore?",
      "a",
      "d/?",
      "d/e/?",
      "d/e/File?",
    ]);
  });

  it("takes the rules of the Dockerfile before those of the folder", () => {
    const files = { "d/File": "", ".dockerignore": "a", "d/File.dockerignore": "b", a: "", b: "" };
    expect(sent(files, "d/File")).toEqual([".dockerignore", "a", "d/", "d/File", "d/File.dockerignore"]);
  });

  it("does not list a folder in which nothing can be wanted", () => {
    using fixture = contextFixture({
      ".dockerignore": "big\nmaybe\n!maybe/deep/one\n",
      "big/a/b": "",
      "maybe/deep/one": "",
      "maybe/other/two": "",
    });
    walkContext(fixture.counted.files, fixture.root, undefined);
    expect(fixture.counted.listed.toSorted()).toEqual(["", "maybe", "maybe/deep"]);
    expect(fixture.counted.read).toEqual([".dockerignore"]);
  });

  it("keeps links as they are, follows none, and leaves out what has no content", async () => {
    using fixture = contextFixture({ a: "1", "folder/b": "" });
    const { root } = fixture;
    fs.symlinkSync("/etc", join(root, "out"));
    fs.symlinkSync("gone", join(root, "dangling"));
    fs.symlinkSync("..", join(root, "folder", "loop"));
    fs.linkSync(join(root, "a"), join(root, "hard"));
    execFileSync("mkfifo", [join(root, "fifo")]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, "socket"), resolve));
    const { entries, size } = walkContext(fixture.counted.files, root, undefined);
    await new Promise((resolve) => server.close(resolve));
    expect(entries.map(({ path, identity: { kind }, link }) => [path, kind, link])).toEqual([
      ["a", "file", undefined],
      ["dangling", "symlink", "gone"],
      ["folder", "directory", undefined],
      ["folder/b", "file", undefined],
      ["folder/loop", "symlink", ".."],
      ["hard", "file", undefined],
      ["out", "symlink", "/etc"],
    ]);
    expect(size).toBe(2);
  });
});
