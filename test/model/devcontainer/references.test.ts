import { expect, test } from "vitest";

import { baseImageOf, imageReferences } from "../../../src/model/devcontainer/references.ts";
import type { DevcontainerConfig } from "../../../src/model/devcontainer/config.ts";
import type { LocatedDevcontainer } from "../../../src/model/devcontainer/located.ts";
import type { ImageBuild } from "../../../src/model/devcontainer/build.ts";
import type { ManifestProject } from "../../../src/model/manifest.ts";
import { devcontainerProject, imageFacts, located } from "../../support/devcontainer.ts";

const BUILD: ImageBuild = {
  dockerfile: { path: "Dockerfile" },
  context: "/srv/acme/web",
  args: {},
  cacheFrom: [],
  secrets: {},
  labels: {},
  extraHosts: {},
  bases: ["debian", "golang:1"],
  inputs: "i1",
};

function references(raw: DevcontainerConfig, rest: Partial<LocatedDevcontainer> = {}, ...more: ManifestProject[]) {
  const projects = [devcontainerProject(located(raw, rest)), ...more];
  return imageReferences({ workspace: "acme", root: "/srv/acme", projects });
}

test("images of projects, bases of Dockerfiles and our own tags are looked up, each once", () => {
  const { devcontainer: _none, ...plain } = devcontainerProject(located({}));
  const owner = { uid: 1000, gid: 1000 };
  expect(
    references({}, {}, { ...plain, name: "api", image: "debian" }, { ...plain, name: "db", image: "alpine" }),
  ).toEqual(["alpine", "debian"]);
  expect(references({ build: { dockerfile: "Dockerfile" } }, { build: BUILD, owner })).toEqual([
    "debian",
    "devc-acme-web:built",
    "devc-acme-web:uid",
    "golang:1",
  ]);
});

test("no layer for user IDs is looked up where none can be", () => {
  expect(references({}, { owner: { uid: 0, gid: 0 } })).toEqual(["debian"]);
  expect(references({ updateRemoteUserUID: false }, { owner: { uid: 1, gid: 1 } })).toEqual(["debian"]);
});

test("the facts of an image that will be built anew are not known", () => {
  const built = imageFacts([], { labels: { "devc.build.inputs": "i1" } });
  const facts = (build: ImageBuild) =>
    baseImageOf("acme", "web", located({}, { build }), { "devc-acme-web:built": built }).facts;
  expect(facts(BUILD)).toBe(built);
  expect(facts({ ...BUILD, inputs: "i2" })).toBeUndefined();
});
