import { expect, test } from "vitest";

import {
  readDevcontainerName,
  readEnv,
  readImage,
  readShortMount,
  readTarget,
  readTimeout,
  readUser,
} from "../../src/model/read-values.ts";

test.each([
  "debian",
  "debian:bookworm-slim",
  "library/debian",
  "registry.example.com:5000/team/api:1.2",
  "localhost/devc",
  "[::1]:5000/x",
  "ghcr.io/a/b-c__d.e:latest@sha256:".concat("a".repeat(64)),
  "sha256:".concat("0".repeat(64)),
  "Registry.Example.com/x",
])("%s is an image reference", (written) => {
  expect(readImage(written)).toEqual({ value: written });
});

test.each([
  "Debian",
  "debian:",
  ":tag",
  "a//b",
  "a/",
  "/a",
  "a b",
  "a@sha256:abc",
  "https://a/b",
  "a:b:c",
  "-a",
  "a\n",
  "a".repeat(600),
])("%j is not an image reference", (written) => {
  expect(readImage(written)).toMatchObject({ issue: { code: "invalid-image" } });
});

test("an image reference that is almost one is refused without delay", () => {
  expect(readImage(`${"a-".repeat(250)}!`)).toHaveProperty("issue");
});

test.each([
  ["dev", "dev"],
  [0, "0"],
  ["1000:1000", "1000:1000"],
  ["dev:docker", "dev:docker"],
  ["first.last", "first.last"],
])("user %j is %j", (written, value) => {
  expect(readUser(written)).toEqual({ value });
});

test.each(["", ":", "a:", ":b", "a:b:c", "a b", "-u", "a\n"])("user %j is refused", (written) => {
  expect(readUser(written)).toMatchObject({ issue: { code: "invalid-user" } });
});

test("values of variables are taken as written, or not at all", () => {
  expect(readEnv("0x1F", undefined)).toEqual({ value: "0x1F" });
  expect(readEnv(3000, undefined)).toEqual({ value: "3000" });
  expect(readEnv(false, undefined)).toEqual({ value: "false" });
  expect(readEnv(31, "0x1F")).toMatchObject({ issue: { code: "ambiguous-value", expected: '"0x1F" in quotes' } });
});

test.each([
  ["/data", "/data"],
  ["/data/", "/data"],
  ["//data///x", "/data/x"],
  ["/dev/shm", "/dev/shm"],
  ["/device", "/device"],
  ["/processes", "/processes"],
  ["/...", "/..."],
])("target %j is %j", (written, value) => {
  expect(readTarget(written)).toEqual({ value });
});

test.each([
  "",
  "data",
  "./data",
  "/",
  "//",
  "/a/../b",
  "/a/.",
  "/..",
  "/proc",
  "/proc/self",
  "/sys/fs",
  "/dev",
  "/dev/shm/x",
  "/dev//null",
])("target %j is refused", (written) => {
  expect(readTarget(written)).toMatchObject({ issue: { code: "invalid-target" } });
});

test.each([
  ["./a:/b", { kind: "bind", source: "./a", target: "/b", readOnly: false }],
  [".:/b:ro", { kind: "bind", source: ".", target: "/b", readOnly: true }],
  ["../a:/b:rw", { kind: "bind", source: "../a", target: "/b", readOnly: false }],
  ["/a:/b", { kind: "bind", source: "/a", target: "/b", readOnly: false }],
  ["~/a b:/b", { kind: "bind", source: "~/a b", target: "/b", readOnly: false }],
  ["cache:/b:ro", { kind: "volume", source: "cache", target: "/b", readOnly: true }],
])("mount %j is read as in Compose", (written, value) => {
  expect(readShortMount(written)).toEqual({ value });
});

test.each(["", ":", "a", "/a", "a:", ":/b", "a:/b:", "a:/b:ro:", "a:/b:z", "a:/b:ro,z", "A:/b", "a/b:/c", "C:\\a:/b"])(
  "mount %j is refused",
  (written) => {
    expect(readShortMount(written)).toMatchObject({ issue: { code: "invalid-mount" } });
  },
);

test.each([
  ["90s", 90_000],
  ["10m", 600_000],
  ["1.5h", 5_400_000],
  ["24h", 86_400_000],
  [90, 90_000],
  ["1", 1000],
  [1.5, 1500],
])("a time limit of %s is %i ms", (written, milliseconds) => {
  expect(readTimeout(written)).toEqual({ value: milliseconds });
});

test.each(["", "10 m", "10M", "m", "-1s", "1d", "1m30s", -5, Number.NaN])("'%s' is no duration", (written) => {
  expect(readTimeout(written)).toMatchObject({ issue: { code: "invalid-duration" } });
});

test.each(["0", 0.5, "24.1h", 1e12])("a time limit of %s is out of range", (written) => {
  expect(readTimeout(written)).toMatchObject({ issue: { code: "out-of-range" } });
});

test("a devcontainer.json is chosen by the name of one folder", () => {
  for (const name of ["python", "Python 3.12", "a.b", "..."])
    expect(readDevcontainerName(name)).toEqual({ value: name });
  for (const name of ["a/b", "..", ".", "a\\b", "/"]) {
    expect(readDevcontainerName(name)).toMatchObject({ issue: { code: "invalid-name" } });
  }
});
