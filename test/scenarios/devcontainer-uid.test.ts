import { chown, stat } from "node:fs/promises";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { representativeEngines } from "../support/engines.ts";
import { createScenario } from "../support/scenario.ts";
import type { Scenario } from "../support/scenario.ts";

const IMAGE = "debian:bookworm-slim";
const OWNER = { uid: 12345, gid: 23456 };

describe.each(representativeEngines)("the user of a devcontainer.json on $name", ({ endpoint }) => {
  it("makes files that belong to the owner of the folder", async () => {
    await using scenario = await createScenario(endpoint);
    const folder = await projectOf(scenario, { remoteUser: "dev", postCreateCommand: "echo made > by-hook" });
    await scenario.apply();
    await scenario.inside("web", "echo made > by-exec && mkdir folder && echo made > folder/file");
    for (const file of ["by-hook", "by-exec", "folder", "folder/file"]) {
      const { uid, gid } = await stat(path.join(folder, file));
      expect({ uid, gid }, file).toEqual(OWNER);
    }
    expect(await scenario.inside("web", "id -un; id -u; id -g; stat -c %u:%g ~ ~/.bashrc; pwd")).toBe(
      "dev\n12345\n23456\n12345:23456\n12345:23456\n/workspaces/web\n",
    );
    await scenario.expectConverged();
  });

  it("gives containerUser the owner's numbers too when processes run as that user", async () => {
    await using scenario = await createScenario(endpoint);
    const folder = await projectOf(scenario, { containerUser: "dev" });
    await scenario.apply();
    await scenario.inside("web", "echo made > by-exec");
    const { uid, gid } = await stat(path.join(folder, "by-exec"));
    expect({ uid, gid }).toEqual(OWNER);
    const { Id } = await scenario.container("web");
    const { Config } = (await scenario.api("GET", `/containers/${Id}/json`)) as { Config: { User: string } };
    expect(Config.User).toBe("dev");
  });

  it("keeps its own numbers when the file says so", async () => {
    await using scenario = await createScenario(endpoint);
    await projectOf(scenario, { remoteUser: "dev", updateRemoteUserUID: false });
    await scenario.apply();
    expect(await scenario.inside("web", "id -u; id -g")).toBe("1000\n1000\n");
    await scenario.expectConverged();
  });

  it("changes its numbers, in a new sandbox, when the folder gets another owner", async () => {
    await using scenario = await createScenario(endpoint);
    const folder = await projectOf(scenario, { remoteUser: "dev" });
    await scenario.apply();
    const before = await scenario.container("web");
    await chown(folder, 23456, 23456);
    await scenario.apply();
    expect((await scenario.container("web")).Id).not.toBe(before.Id);
    expect(await scenario.inside("web", "id -u; id -g")).toBe("23456\n23456\n");
    await scenario.expectConverged();
  });
});

/** A Dockerfile project with a user `dev`, 1000:1000, whose folder belongs to `OWNER`. */
async function projectOf(scenario: Scenario, config: object): Promise<string> {
  await scenario.manifest("projects:\n  web: { path: web }\n");
  const build = { build: { dockerfile: "Dockerfile" } };
  await scenario.write("web/.devcontainer/devcontainer.json", JSON.stringify({ ...build, ...config }));
  await scenario.write("web/.devcontainer/Dockerfile", `FROM ${IMAGE}\nRUN useradd --create-home --uid 1000 dev\n`);
  const folder = path.join(scenario.root, "web");
  await chown(folder, OWNER.uid, OWNER.gid);
  return folder;
}
