import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { expect, test } from "vitest";

import { nodeFiles } from "../../../src/drivers/files/node-files.ts";
import { exitCodeOf } from "../../../src/model/errors.ts";
import { failure, line, load, temporaryFolder } from "./load-fixture.ts";

const SOUND = "version: 1\nworkspace: acme\nprojects:\n  web:\n    image: debian\n";

/** Manifests that git cannot hold or should not: what the bytes are, and the one problem they must give. */
const FILES: [title: string, bytes: string | Uint8Array, problem: string][] = [
  ["a file of ten megabytes", `${SOUND}# ${"x".repeat(10 * 1024 * 1024)}\n`, "too-large devc.yaml:1:1"],
  ["one byte more than a mebibyte", SOUND.padEnd(1024 * 1024 + 1, "#"), "too-large devc.yaml:1:1"],
  ["UTF-16, little end first", Buffer.from(`\uFEFF${SOUND}`, "utf16le"), "encoding devc.yaml:1:1"],
  ["UTF-16, big end first", Buffer.from(`\uFEFF${SOUND}`, "utf16le").swap16(), "encoding devc.yaml:1:1"],
  ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, 0x76, 0, 0, 0]), "encoding devc.yaml:1:1"],
  ["Latin-1", Buffer.from(`${SOUND}    user: "Jürgen"\n`, "latin1"), "encoding devc.yaml:6:13"],
  ["a character that is cut off", Buffer.from(`${SOUND}# é`).subarray(0, -1), "encoding devc.yaml:6:3"],
  ["a NUL byte", `${SOUND}# \0\n`, "control-character devc.yaml:6:3"],
  ["a terminal escape", `${SOUND}# \u001b[2J\n`, "control-character devc.yaml:6:3"],
  ["text that is reordered", `${SOUND}    user: "\u202Etoor"\n`, "control-character devc.yaml:6:12"],
  ["a compressed file", Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), "encoding devc.yaml:1:2"],
  ["nothing at all", "", "empty-document devc.yaml:1:1"],
  ["half a million brackets", `${SOUND}${"[".repeat(500_000)}`, "too-deep devc.yaml:6:47"],
  ["a quarter of a million nested lists", "- ".repeat(250_000), "too-deep devc.yaml:1:95"],
  ["a hundred thousand nested maps", "{a: ".repeat(100_000), "too-deep devc.yaml:1:189"],
  ["more values than any manifest", `a: [${"x,".repeat(450_000)}]`, "too-large devc.yaml:1:266667"],
  ["aliases by the hundred thousand", `a: &a {}\nb: [${"*a,".repeat(100_000)}]`, "yaml-alias devc.yaml:2:15005"],
];

test.each(FILES)("a manifest with %s is refused", async (_title, bytes, problem) => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "devc.yaml"), bytes);
  const error = await failure(load(folder.path));
  expect(error.issues.map(line)).toEqual([problem]);
  expect(exitCodeOf(error.code)).toBe(64);
});

test("a manifest of exactly one mebibyte, with a byte order mark and Windows line ends, is read", async () => {
  using folder = temporaryFolder();
  const text = `\uFEFF${SOUND.replaceAll("\n", "\r\n")}# `;
  writeFileSync(join(folder.path, "devc.yaml"), text.padEnd(1024 * 1024 - 2, "x"));
  const { manifest } = await load(folder.path);
  expect(manifest.projects.map(({ name }) => name)).toEqual(["web"]);
});

test("problems in a file with Windows line ends and a byte order mark have the line and column an editor shows", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "devc.yaml"), `\uFEFFversoin: 1\r\nworkspace: acme\r\nprojects: []\r\n`);
  const error = await failure(load(folder.path));
  expect(error.issues.map(line)).toEqual([
    "missing-key devc.yaml:1:1",
    "unknown-key devc.yaml:1:1",
    "wrong-type devc.yaml:3:11",
  ]);
});

/** Things in the manifest's place that are no regular file of its folder. */
const PLACES: [title: string, make: (path: string) => void, problem: string][] = [
  ["a folder", (path) => mkdirSync(path), "not-a-file devc.yaml:1:1"],
  ["a FIFO", (path) => void execFileSync("mkfifo", [path]), "not-a-file devc.yaml:1:1"],
  ["a device", (path) => symlinkSync("/dev/zero", path), "not-a-file devc.yaml:1:1"],
  ["a dangling link", (path) => symlinkSync("nowhere", path), "file-missing devc.yaml:1:1"],
  ["a link to itself", (path) => symlinkSync(path, path), "unreadable devc.yaml:1:1"],
];

test.each(PLACES)("a manifest that is %s is refused", async (_title, make, problem) => {
  using folder = temporaryFolder();
  make(join(folder.path, "devc.yaml"));
  const error = await failure(load(folder.path));
  expect(error.code).toBe("manifest-invalid");
  expect(error.issues.map(line)).toEqual([problem]);
});

test("a manifest that is a socket is refused", async () => {
  using folder = temporaryFolder();
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(join(folder.path, "devc.yaml"), resolve));
  try {
    const error = await failure(load(folder.path));
    expect(error.issues.map(line)).toEqual(["not-a-file devc.yaml:1:1"]);
  } finally {
    await new Promise((resolve) => void server.close(resolve));
  }
});

test("a manifest that is a link out of its folder is refused, one that stays in it is read", async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, "in"));
  writeFileSync(join(folder.path, "outside.yaml"), SOUND);
  symlinkSync("../outside.yaml", join(folder.path, "in/devc.yaml"));
  const error = await failure(load(join(folder.path, "in")));
  expect(error.issues.map(line)).toEqual(["symlink-outside devc.yaml:1:1"]);

  symlinkSync("outside.yaml", join(folder.path, "devc.yaml"));
  const { root, manifest } = await load(folder.path);
  expect([root, manifest.workspace]).toEqual([folder.path, "acme"]);
});

test("a personal file that cannot be used is an error, not an absent file", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "devc.yaml"), SOUND);
  symlinkSync("nowhere", join(folder.path, "devc.local.yaml"));
  const error = await failure(load(folder.path));
  expect(error.issues.map(line)).toEqual(["file-missing devc.local.yaml:1:1"]);
});

test("a manifest that may not be read is refused", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "devc.yaml"), SOUND);
  const read = () => {
    throw Object.assign(new Error("permission denied"), { code: "EACCES" });
  };
  const error = await failure(load(folder.path, { fs: { ...nodeFiles, read } }));
  expect(error.issues.map(line)).toEqual(["unreadable devc.yaml:1:1"]);
  expect(error.issues[0]?.message).toContain("EACCES");
});
