import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { expect, test } from "vitest";

import { failure, line, load, temporaryFolder } from "./load-fixture.ts";

function workspace(path: string, project: string): string {
  const root = join(path, "workspace");
  mkdirSync(root);
  writeFileSync(
    join(root, "devc.yaml"),
    `version: 1\nworkspace: acme\nprojects:\n  web: { image: debian, ${project} }\n`,
  );
  return root;
}

test("the workspace's own folder can be a project", async () => {
  using folder = temporaryFolder();
  const root = workspace(folder.path, "path: .");
  const { manifest } = await load(root);
  expect(manifest.projects[0]?.folder).toEqual({ source: root, target: "/workspaces/workspace" });
});

test("a link inside the workspace is followed and keeps its name in the sandbox", async () => {
  using folder = temporaryFolder();
  const root = workspace(folder.path, "path: link, mounts: [./file:/file]");
  mkdirSync(join(root, "packages/deep/web"), { recursive: true });
  symlinkSync("packages/deep/web", join(root, "link"));
  writeFileSync(join(root, "file"), "");
  const { manifest } = await load(root);
  expect(manifest.projects[0]?.folder).toEqual({ source: join(root, "packages/deep/web"), target: "/workspaces/link" });
  expect(manifest.projects[0]?.mounts).toEqual({ "/file": { type: "bind", source: join(root, "file") } });
});

/** Links that leave the workspace, as the last part of the path and before it. */
test.each([
  ["path: out", "path-outside devc.yaml:4:31"],
  ["path: out/inner", "path-outside devc.yaml:4:31"],
  ["path: loop", "unreadable devc.yaml:4:31"],
  ["path: dangling", "path-missing devc.yaml:4:31"],
  ["mounts: ['./out/inner:/x']", "path-outside devc.yaml:4:34"],
  ["mounts: [{ type: bind, source: out, target: /x }]", "path-outside devc.yaml:4:34"],
])("a path through a link that leaves the workspace is refused: %s", async (project, problem) => {
  using folder = temporaryFolder();
  const root = workspace(folder.path, project);
  mkdirSync(join(folder.path, "outside/inner"), { recursive: true });
  symlinkSync("../outside", join(root, "out"));
  symlinkSync("loop", join(root, "loop"));
  symlinkSync("nothing", join(root, "dangling"));
  expect((await failure(load(root))).issues.map(line)).toEqual([problem]);
});

test("a sibling whose name begins with the workspace's name is outside", async () => {
  using folder = temporaryFolder();
  const root = workspace(folder.path, "path: ../workspace-2");
  mkdirSync(`${root}-2`);
  expect((await failure(load(root))).issues.map(line)).toEqual(["path-outside devc.yaml:4:31"]);
});

test("mounts may leave the workspace by an absolute path or the home folder, and see through links", async () => {
  using folder = temporaryFolder();
  const data = join(folder.path, "data");
  const home = join(folder.path, "home");
  mkdirSync(data);
  mkdirSync(join(home, "sets"), { recursive: true });
  symlinkSync(data, join(home, "link"));
  const root = workspace(folder.path, `mounts: ['${data}:/a:ro', '~/sets:/b', '~/link:/c']`);
  const { manifest } = await load(root, { home });
  expect(manifest.projects[0]?.mounts).toEqual({
    "/a": { type: "bind", source: data, readOnly: true },
    "/b": { type: "bind", source: join(home, "sets") },
    "/c": { type: "bind", source: data },
  });
});

test.each(["~", "~/", "~/.docker", "~/.docker/run", "~/.local/share/containers/storage"])(
  "the home folder and the engines' folders in it are never mounted: %s",
  async (source) => {
    using folder = temporaryFolder();
    const home = join(folder.path, "home");
    mkdirSync(join(home, ".docker/run"), { recursive: true });
    mkdirSync(join(home, ".local/share/containers/storage"), { recursive: true });
    mkdirSync(join(home, "innocent"));
    const root = workspace(folder.path, `mounts: ['${source}:/x', '~/innocent:/y']`);
    expect((await failure(load(root, { home }))).issues.map(line)).toEqual(["refused-path devc.yaml:4:34"]);
  },
);

test("a workspace in the home folder cannot mount the whole home folder as a project", async () => {
  using folder = temporaryFolder();
  const root = workspace(folder.path, "path: .");
  expect((await failure(load(root, { home: root }))).issues.map(line)).toEqual(["refused-path devc.yaml:4:31"]);
});

test("an engine's socket is refused under any link, another socket is not", async () => {
  using folder = temporaryFolder();
  const [engine, other] = [join(folder.path, "docker.sock"), join(folder.path, "agent.sock")];
  const servers = [engine, other].map((path) => createServer().listen(path));
  try {
    symlinkSync(engine, join(folder.path, "harmless"));
    const root = workspace(
      folder.path,
      `mounts: ['${engine}:/a', '${join(folder.path, "harmless")}:/b', '${other}:/c']`,
    );
    const { issues } = await failure(load(root));
    expect(issues.map(({ code, message }) => [code, /engine/.test(message)])).toEqual([
      ["refused-path", true],
      ["refused-path", true],
    ]);
  } finally {
    for (const server of servers) server.close();
  }
});
