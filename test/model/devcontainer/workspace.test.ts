import { expect, test } from "vitest";

import { compile } from "../../../src/model/compile.ts";
import type { DesiredSandbox } from "../../../src/model/desired.ts";
import { workspaceDefaults, workspaceFolder, workspaceMountText } from "../../../src/model/devcontainer/workspace.ts";
import type { DevcontainerConfig } from "../../../src/model/devcontainer/config.ts";
import type { LocatedDevcontainer } from "../../../src/model/devcontainer/located.ts";
import { devcontainerProject, located, surroundings } from "../../support/devcontainer.ts";

function mounted(raw: DevcontainerConfig, rest: Partial<LocatedDevcontainer> = {}) {
  const project = devcontainerProject(located(raw, rest), "strict");
  const manifest = { workspace: "acme", root: "/srv/acme", projects: [project] };
  const { resources, notices } = compile(manifest, undefined, surroundings());
  const { spec, devcontainer } = resources.find(({ kind }) => kind === "sandbox") as DesiredSandbox;
  return { mounts: spec.mounts, workdir: spec.workdir, remote: devcontainer?.remote.workdir, notices };
}

test("without a repository the folder appears under its own name", () => {
  expect(workspaceDefaults(located({}))).toEqual({
    source: "/srv/acme/web",
    target: "/workspaces/web",
    folder: "/workspaces/web",
  });
});

test("a repository appears whole, and one works where the folder lies in it", () => {
  expect(mounted({}, { gitRoot: "/srv/acme" })).toEqual({
    mounts: { "/workspaces/acme": { type: "bind", source: "/srv/acme" } },
    workdir: "/workspaces/acme/web",
    remote: "/workspaces/acme/web",
    notices: [],
  });
});

test("of a repository that reaches beyond the boundary only the folder appears, at the path it has in there", () => {
  const { mounts, workdir, notices } = mounted({}, { gitRoot: "/srv" });
  expect([mounts, workdir]).toEqual([
    { "/workspaces/srv/acme/web": { type: "bind", source: "/srv/acme/web" } },
    "/workspaces/srv/acme/web",
  ]);
  expect(notices).toEqual([
    {
      code: "repository-not-mounted",
      project: "web",
      message:
        "the repository /srv reaches beyond /srv/acme: only /srv/acme/web is mounted, at /workspaces/srv/acme/web",
    },
  ]);
});

test("a folder that must not be given is not mounted, and the plan says so", () => {
  const project = devcontainerProject(located({}), "strict");
  const manifest = { workspace: "acme", root: "/srv/acme", projects: [project] };
  const refused = () => "it is your whole home folder";
  const { resources, notices } = compile(manifest, undefined, surroundings({ refused }));
  expect((resources.find(({ kind }) => kind === "sandbox") as DesiredSandbox).spec).not.toHaveProperty("mounts");
  expect(notices).toMatchObject([{ code: "not-granted", hint: expect.stringContaining("your whole home folder") }]);
});

test("the file's own folder and mount count", () => {
  const raw: DevcontainerConfig = {
    workspaceFolder: "/code/${localWorkspaceFolderBasename}",
    workspaceMount: "type=bind,source=${localWorkspaceFolder},target=/code/${localWorkspaceFolderBasename},readonly",
  };
  expect(mounted(raw)).toEqual({
    mounts: { "/code/web": { type: "bind", source: "/srv/acme/web", readOnly: true } },
    workdir: "/code/web",
    remote: "/code/web",
    notices: [],
  });
});

test("an empty workspaceMount mounts nothing", () => {
  expect(mounted({ workspaceMount: "", workspaceFolder: "/code" })).toMatchObject({
    mounts: undefined,
    workdir: "/code",
  });
});

test("the texts are those of the reference implementation", () => {
  const plain = located({});
  expect([workspaceFolder(plain), workspaceMountText(plain)]).toEqual([
    "/workspaces/web",
    "type=bind,source=/srv/acme/web,target=/workspaces/web",
  ]);
  expect(workspaceMountText({ ...plain, folder: "/srv/acme/a,b" })).toBe(
    'type=bind,"source=/srv/acme/a,b","target=/workspaces/a,b"',
  );
  expect(workspaceMountText(located({ workspaceMount: "" }))).toBe("");
});
