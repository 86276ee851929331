import path from "node:path";

import { describe, expect, it } from "vitest";

import { testEngines } from "../support/engines.ts";
import { createReferenceCli } from "../support/reference-cli.ts";
import { createScenario } from "../support/scenario.ts";
import type { Row, Scenario } from "../support/scenario.ts";
import { differencesBetween } from "./differences.ts";

const IMAGE = "debian:bookworm-slim";

/** Every phase adds a line to a file of the container. */
const HOOKS = {
  onCreateCommand: "echo onCreate >> /var/tmp/hooks",
  updateContentCommand: ["sh", "-c", "echo updateContent >> /var/tmp/hooks"],
  postCreateCommand: { one: "echo postCreate >> /var/tmp/hooks" },
  postStartCommand: "echo postStart >> /var/tmp/hooks",
};
const ALL_ONCE = "onCreate\nupdateContent\npostCreate\npostStart\n";

/** Projects the reference CLI enters: who its processes are, and where they start. */
const PROJECTS = [
  {
    kind: "an image project",
    user: "root",
    home: "/root",
    files: {
      "web/.devcontainer/devcontainer.json": JSON.stringify({
        image: IMAGE,
        remoteEnv: { FROM_FILE: "said in the file", OVER: "${containerEnv:UNDER}!" },
        containerEnv: { UNDER: "below" },
        ...HOOKS,
      }),
    },
  },
  {
    kind: "a Dockerfile project with a user of its own",
    user: "dev",
    home: "/home/dev",
    files: {
      "web/.devcontainer/Dockerfile": `FROM ${IMAGE}\nRUN useradd --create-home --shell /bin/bash dev\nENV UNDER=below\n`,
      "web/.devcontainer/devcontainer.json": JSON.stringify({
        build: { dockerfile: "Dockerfile" },
        remoteUser: "dev",
        remoteEnv: { FROM_FILE: "said in the file", OVER: "${containerEnv:UNDER}!" },
        ...HOOKS,
      }),
    },
  },
];

const docker = testEngines.filter(({ name }) => name.startsWith("docker"));

describe.each(docker)("the reference CLI as a client on $name", ({ endpoint }) => {
  it.each(PROJECTS)("enters the sandbox of $kind and makes none of its own", async ({ user, home, files }) => {
    await using scenario = await createScenario(endpoint);
    await using cli = await createReferenceCli(endpoint);
    await scenario.manifest("projects:\n  web: { path: web }\n");
    for (const [file, text] of Object.entries(files)) await scenario.write(file, text);
    const folder = path.join(scenario.root, "web");
    const where = ["--workspace-folder", folder];
    const before = await cli.json(["read-configuration", ...where, "--include-merged-configuration"]);
    await scenario.apply();
    const { Id } = await scenario.container("web");

    const entered = await cli.run([
      "exec",
      ...where,
      "sh",
      "-c",
      'id -un; pwd; echo "$HOME"; echo "$FROM_FILE"; echo "$OVER"',
    ]);
    expect(entered.stdout, entered.stderr).toBe(`${user}\n/workspaces/web\n${home}\nsaid in the file\nbelow!\n`);
    expect(await scenario.inside("web", "cat /var/tmp/hooks")).toBe(ALL_ONCE);

    const after = await cli.json(["read-configuration", ...where, "--include-merged-configuration"]);
    // The same from the container's labels as from the file; of the container the variables are known.
    expect(differencesBetween(before, after)).toEqual(
      ["configuration", "mergedConfiguration"].map((document) => ({
        path: `${document}.remoteEnv.OVER`,
        reference: "${containerEnv:UNDER}!",
        devc: "below!",
      })),
    );

    const up = await cli.json(["up", ...where]);
    expect(up).toMatchObject({
      outcome: "success",
      containerId: Id,
      remoteUser: user,
      remoteWorkspaceFolder: "/workspaces/web",
    });
    expect(await scenario.inside("web", "cat /var/tmp/hooks")).toBe(ALL_ONCE);
    expect((await containersOf(scenario, folder)).map((row) => row.Id)).toEqual([Id]);
    await scenario.expectConverged();
  });

  it("finds the sandbox that devc started again, whose start hook ran once more", async () => {
    await using scenario = await createScenario(endpoint);
    await using cli = await createReferenceCli(endpoint);
    await scenario.manifest("projects:\n  web: { path: web }\n");
    for (const [file, text] of Object.entries(PROJECTS[0]?.files ?? {})) await scenario.write(file, text);
    await scenario.apply();
    const { Id } = await scenario.container("web");
    await scenario.api("POST", `/containers/${Id}/stop?t=1`);
    await scenario.apply();
    const folder = path.join(scenario.root, "web");
    expect(await cli.json(["up", "--workspace-folder", folder])).toMatchObject({ outcome: "success", containerId: Id });
    expect(await scenario.inside("web", "cat /var/tmp/hooks")).toBe(`${ALL_ONCE}postStart\n`);
  });

  it("finds a sandbox of a named configuration", async () => {
    await using scenario = await createScenario(endpoint);
    await using cli = await createReferenceCli(endpoint);
    const file = "web/.devcontainer/python/devcontainer.json";
    await scenario.write(file, JSON.stringify({ image: IMAGE, remoteEnv: { NAMED: "python" } }));
    await scenario.manifest("projects:\n  web: { path: web, devcontainer: python }\n");
    await scenario.apply();
    const { Id } = await scenario.container("web");
    const where = ["--workspace-folder", path.join(scenario.root, "web"), "--config", path.join(scenario.root, file)];
    expect((await cli.run(["exec", ...where, "printenv", "NAMED"])).stdout).toBe("python\n");
    expect(await cli.json(["up", ...where])).toMatchObject({ containerId: Id });
  });

  it("is told apart: a container of its own is not devc's, and the plan says what to do", async () => {
    await using scenario = await createScenario(endpoint);
    await using cli = await createReferenceCli(endpoint);
    await scenario.manifest("projects:\n  web: { path: web }\n");
    await scenario.write("web/.devcontainer/devcontainer.json", JSON.stringify({ image: IMAGE }));
    const folder = path.join(scenario.root, "web");
    const { containerId: id } = (await cli.json(["up", "--workspace-folder", folder])) as { containerId: string };
    try {
      const plan = await scenario.plan();
      expect(plan.changes.map(({ address, action }) => [address, action])).toEqual([["sandbox/web", "create"]]);
      const [row] = await containersOf(scenario, folder);
      const toDo = `remove it (docker rm -f ${id.slice(0, 12)}) or go on using it with that tool`;
      const why = `another tool made it for ${folder}, and devc makes a sandbox of its own; ${toDo}`;
      expect(plan.foreign).toEqual([{ kind: "container", id, name: row?.Names[0]?.slice(1), why }]);
      expect((await scenario.devc("plan")).stdout).toContain(toDo);
      await scenario.apply();
      expect((await containersOf(scenario, folder)).map((each) => each.Id)).toContain(id);
      await scenario.api("DELETE", `/containers/${id}?force=1&v=1`);
      const { Id } = await scenario.container("web");
      expect(await cli.json(["up", "--workspace-folder", folder])).toMatchObject({ containerId: Id });
      expect((await scenario.plan()).foreign).toEqual([]);
    } finally {
      for (const { Id } of await containersOf(scenario, folder)) {
        await scenario.api("DELETE", `/containers/${Id}?force=1&v=1`);
      }
    }
  });
});

/** All containers of a folder, in whatever state, whoever made them. */
async function containersOf(scenario: Scenario, folder: string): Promise<Row[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`devcontainer.local_folder=${folder}`] }));
  return (await scenario.api("GET", `/containers/json?all=1&filters=${filters}`)) as Row[];
}
