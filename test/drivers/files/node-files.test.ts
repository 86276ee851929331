import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { expect, test } from "vitest";

import { errorCodeOf } from "../../../src/drivers/files/files.ts";
import { nodeFiles } from "../../../src/drivers/files/node-files.ts";
import { temporaryFolder } from "./load-fixture.ts";

test("kinds are the same whether a thing is asked for or listed", async () => {
  using folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  writeFileSync(at("file"), "12345");
  mkdirSync(at("directory"));
  symlinkSync("file", at("symlink"));
  execFileSync("mkfifo", [at("fifo")]);
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(at("socket"), resolve));
  const list = nodeFiles.list(folder.path);
  for (const kind of ["file", "directory", "symlink", "fifo", "socket"]) {
    expect([nodeFiles.lstat(at(kind))?.kind, list.get(kind)]).toEqual([kind, kind]);
  }
  await new Promise((resolve) => void server.close(resolve));
  expect(nodeFiles.lstat("/dev/null")?.kind).toBe("device");
  const owner = { uid: process.getuid?.(), gid: process.getgid?.() };
  expect(nodeFiles.stat(at("symlink"))).toEqual({ kind: "file", size: 5, owner });
});

test("what is not there is undefined, what may not be known is an error with its code", () => {
  using folder = temporaryFolder();
  const missing = join(folder.path, "a/b");
  expect([nodeFiles.lstat(missing), nodeFiles.stat(missing)]).toEqual([undefined, undefined]);
  const codeOf = (call: () => unknown) => {
    try {
      return call();
    } catch (error) {
      return errorCodeOf(error);
    }
  };
  expect(codeOf(() => nodeFiles.realpath(missing))).toBe("ENOENT");
  expect(codeOf(() => nodeFiles.list(missing))).toBe("ENOENT");
  expect(codeOf(() => nodeFiles.read(folder.path, 10))).toBe("EINVAL");
});

test("a read takes no more than it may", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "file");
  writeFileSync(path, "123456");
  expect(Buffer.from(nodeFiles.read(path, 4)).toString()).toBe("1234");
  expect(Buffer.from(nodeFiles.read(path, 100)).toString()).toBe("123456");
});

test("a private file is replaced whole, and only its owner may read it and the folders made for it", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "new/deep/file");
  nodeFiles.writePrivate(path, "first");
  nodeFiles.writePrivate(path, "second");
  expect(readFileSync(path, "utf8")).toBe("second");
  const modes = ["new", "new/deep", "new/deep/file"].map((name) => statSync(join(folder.path, name)).mode & 0o777);
  expect(modes).toEqual([0o700, 0o700, 0o600]);
  expect(readdirSync(join(folder.path, "new/deep"))).toEqual(["file"]);
});

test("a write that fails leaves nothing behind", () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, "taken"));
  expect(() => nodeFiles.writePrivate(join(folder.path, "taken"), "x")).toThrow(/EISDIR/);
  expect(readdirSync(folder.path)).toEqual(["taken"]);
});

test("a private file is made once: who comes second finds the first one's", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "new/key");
  expect([nodeFiles.createPrivate(path, "first"), nodeFiles.createPrivate(path, "second")]).toEqual([true, false]);
  expect(readFileSync(path, "utf8")).toBe("first");
  expect([statSync(path).mode & 0o777, readdirSync(join(folder.path, "new"))]).toEqual([0o600, ["key"]]);
});
