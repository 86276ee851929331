import { expect, test } from "vitest";

import { createRefusals, isInside } from "../../src/model/refused-paths.ts";

const whyRefused = createRefusals("/home/dev");

test.each([
  "/",
  "/proc",
  "/proc/1/root",
  "/sys/kernel",
  "/dev/sda",
  "/run",
  "/run/docker.sock",
  "/run/docker/netns",
  "/run/podman/podman.sock",
  "/run/user/1000",
  "/run/user/1000/podman/podman.sock",
  "/run/user/1000/docker.sock",
  "/run/containerd/containerd.sock",
  "/var",
  "/var/run",
  "/var/run/docker.sock",
  "/var/lib/docker/volumes/x",
  "/var/lib/containers",
  "/home",
  "/home/dev",
  "/home/dev/.colima/default/docker.sock",
  "/home/dev/.local/share/docker",
  "/home/dev/.local",
  "/srv/share/DOCKER.SOCK",
  "/opt/buildkitd.sock",
])("%s is never given to a sandbox", (path) => {
  expect(whyRefused(path)).toMatch(/./);
});

test.each([
  "/home/dev/code",
  "/home/devil",
  "/home/other/data",
  "/runtime",
  "/run/user/1000/keyring",
  "/run/media/disk",
  "/var/lib/dockerish",
  "/var/log",
  "/processes",
  "/srv/docker",
  "/srv/docker.sock.md",
  "/home/dev/.local/share/applications",
])("%s can be given", (path) => {
  expect(whyRefused(path)).toBeUndefined();
});

test("a refusal of a folder above says what is in it", () => {
  expect(whyRefused("/home")).toBe("/home/dev is in it");
});

test("lying inside a folder goes by whole names", () => {
  expect(isInside("/a/b", "/a")).toBe(true);
  expect(isInside("/a", "/a")).toBe(true);
  expect(isInside("/a", "/")).toBe(true);
  expect(isInside("/ab", "/a")).toBe(false);
  expect(isInside("/", "/a")).toBe(false);
});
