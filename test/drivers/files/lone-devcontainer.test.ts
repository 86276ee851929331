import { symlinkSync } from "node:fs";

import { describe, expect, test } from "vitest";

import type { LoadOptions } from "../../../src/drivers/files/load.ts";
import { failure, line, load, tree } from "./load-fixture.ts";

const IMAGE = `{ "image": "debian" }`;

const manifest = (entry: string, more = "") =>
  `version: 1\nworkspace: acme\n${more}projects:\n  web: { path: web${entry} }\n`;

async function web(path: string, options: Partial<LoadOptions> = {}) {
  const { manifest: loaded } = await load(path, options);
  const found = loaded.projects.find(({ name }) => name === "web");
  if (!found) throw new Error("the test's workspace has a project called web");
  return found;
}

describe("a folder with only a devcontainer.json", () => {
  test("is a workspace of one project, named after the folder", async () => {
    using files = tree({ "My App!/.devcontainer/devcontainer.json": IMAGE, "My App!/src/x": "" });
    const [top, below] = [await load(files.at("My App!")), await load(files.at("My App!/src"))];
    expect(below.manifest.workspace).toMatch(/^my-app-[0-9a-f]{6}$/);
    expect(top.manifest.workspace).toBe(below.manifest.workspace);
    expect(below).toMatchObject({
      root: files.at("My App!"),
      path: files.at("My App!/.devcontainer/devcontainer.json"),
      files: [files.at("My App!/.devcontainer/devcontainer.json")],
      manifest: {
        projects: [{ name: "my-app", profile: "moderate", devcontainer: { boundary: files.at("My App!") } }],
      },
    });
  });

  test("has the repository's root as its boundary", async () => {
    using files = tree({ ".git/HEAD": "", "apps/web/.devcontainer.json": IMAGE });
    const { devcontainer } = await web(files.at("apps/web"));
    expect(devcontainer).toMatchObject({
      boundary: files.at("."),
      gitRoot: files.at("."),
      folder: files.at("apps/web"),
    });
  });

  test("may be named with -f, and is then the file that counts", async () => {
    using files = tree({
      "web/.devcontainer/devcontainer.json": IMAGE,
      "web/.devcontainer/python/devcontainer.json": `{ "image": "python" }`,
    });
    const file = files.at("web/.devcontainer/python/devcontainer.json");
    const { devcontainer } = await web("/", { file });
    expect(devcontainer).toMatchObject({ configPath: file, folder: files.at("web"), raw: { image: "python" } });
  });

  test("may have a personal file beside it", async () => {
    using files = tree({
      "web/.devcontainer.json": IMAGE,
      "web/devc.local.yaml": "projects: { web: { profile: strict } }\n",
    });
    expect(await web(files.at("web"))).toMatchObject({ profile: "strict", devcontainer: { raw: { image: "debian" } } });
  });

  test("may be given another file or image by a personal file", async () => {
    using files = tree({
      "web/.devcontainer.json": IMAGE,
      "web/.devcontainer/go/devcontainer.json": `{ "image": "go" }`,
      "web/devc.local.yaml": "projects: { web: { devcontainer: go } }\n",
    });
    expect((await web(files.at("web"))).devcontainer?.raw.image).toBe("go");
    files.write("web/devc.local.yaml", "projects: { web: { image: alpine } }\n");
    expect(await web(files.at("web"))).toMatchObject({ image: "alpine", folder: { source: files.at("web") } });
    files.write("web/devc.local.yaml", "projects: { web: { path: sub } }\n");
    files.write("web/sub/.devcontainer.json", `{ "image": "sub" }`);
    expect((await web(files.at("web"))).devcontainer?.configPath).toBe(files.at("web/sub/.devcontainer.json"));
  });

  test("is never the home folder", async () => {
    using files = tree({ ".devcontainer.json": IMAGE });
    const error = await failure(load(files.at("."), { home: files.at(".") }));
    expect(error.issues.map(line)).toEqual(["refused-path .devcontainer.json:1:1"]);
  });

  test("gives way to a devc.yaml in the same folder", async () => {
    using files = tree({ ".devcontainer.json": IMAGE, "devc.yaml": "version: 1\nworkspace: acme\nprojects: {}\n" });
    expect((await load(files.at("."))).manifest).toMatchObject({ workspace: "acme", projects: [] });
  });

  test("belongs to the devc.yaml above that declares its folder, also through a link", async () => {
    using files = tree({ "devc.yaml": manifest(", profile: strict"), "real/.devcontainer.json": IMAGE });
    symlinkSync("real", files.at("web"));
    expect(await web(files.at("real"))).toMatchObject({ name: "web", profile: "strict" });
    expect((await load(files.at("real"))).manifest.workspace).toBe("acme");
  });

  test("is a workspace of its own below a devc.yaml that does not declare it", async () => {
    using files = tree({
      "devc.yaml": manifest(", image: debian"),
      "web/README": "",
      "web/other/.devcontainer.json": IMAGE,
    });
    const { manifest: loaded } = await load(files.at("web/other"));
    expect(loaded.workspace).toMatch(/^other-[0-9a-f]{6}$/);
  });

  test("is not used while a devc.yaml above cannot be read, because that might declare it more strictly", async () => {
    using files = tree({ "devc.yaml": "version: 1\nworkspace: [\n", "web/.devcontainer.json": IMAGE });
    expect((await failure(load(files.at("web")))).subject).toBe(files.at("devc.yaml"));
  });

  test("is hinted at when it must be chosen by name", async () => {
    using files = tree({ ".devcontainer/go/devcontainer.json": IMAGE });
    expect(await failure(load(files.at(".")))).toMatchObject({
      code: "manifest-not-found",
      hint: "choose one with -f .devcontainer/go/devcontainer.json",
    });
  });

  test("is named like a helper under another name", async () => {
    using files = tree({ "gateway/.devcontainer.json": IMAGE });
    expect((await load(files.at("gateway"))).manifest.projects[0]?.name).toBe("gateway-project");
  });
});
