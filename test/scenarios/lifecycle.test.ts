import { describe, expect, it } from "vitest";

import { testEngines } from "../support/engines.ts";
import { createScenario } from "../support/scenario.ts";

const THREE_PROJECTS = `
defaults: { image: "debian:bookworm-slim" }
projects:
  api: { profile: strict }
  web: { profile: moderate, resources: { memory: 512MiB }, volumes: { cache: /cache } }
  scratch: { profile: permissive }
`;

describe.each(testEngines)("life of a workspace on $name", ({ endpoint }) => {
  it("creates everything, and then nothing is left to do", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(THREE_PROJECTS);
    const pending = await scenario.devc("plan", "--detailed-exitcode");
    expect(pending.status).toBe(2);
    await scenario.apply();
    const states = (await scenario.containers()).map(({ State }) => State);
    expect(states).toEqual(["running", "running", "running"]);
    await scenario.expectConverged();
    expect((await scenario.devc("plan")).stdout).toContain("No changes.");
    expect((await scenario.plan("--refresh")).changes).toEqual([]);
  });

  it("changes memory in place, back and forth, and keeps the container and its processes", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(THREE_PROJECTS);
    await scenario.apply();
    const { Id } = await scenario.container("web");
    for (const memory of ["768MiB", "512MiB", "640MiB"]) {
      await scenario.manifest(THREE_PROJECTS.replace("512MiB", memory));
      expect((await scenario.plan()).changes.map(({ address, action }) => [address, action])).toEqual([
        ["sandbox/web", "update"],
      ]);
      await scenario.apply();
      expect((await scenario.container("web")).Id).toBe(Id);
      await scenario.expectConverged();
    }
  });

  it("replaces for a changed variable, keeps the volume, and leaves no leftovers", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(THREE_PROJECTS);
    await scenario.apply();
    const before = await scenario.container("web");
    const bystander = await scenario.container("api");
    await scenario.inside("web", "echo kept > /cache/file");
    await scenario.manifest(THREE_PROJECTS.replace("web: {", "web: { env: { MODE: new },"));
    await scenario.apply();
    expect((await scenario.container("web")).Id).not.toBe(before.Id);
    expect(await scenario.inside("web", "cat /cache/file; echo $MODE")).toBe("kept\nnew\n");
    expect((await scenario.container("api")).Id).toBe(bystander.Id);
    expect(await scenario.containers()).toHaveLength(3);
    await scenario.expectConverged();
  });

  it("replaces when the image changes", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(THREE_PROJECTS);
    await scenario.apply();
    const before = await scenario.container("web");
    const reference = `localhost/${scenario.workspace}-other:latest`;
    const container = (await scenario.api("POST", "/containers/create", {
      Image: "debian:bookworm-slim",
      Cmd: ["true"],
    })) as { Id: string };
    const commit = `/commit?container=${container.Id}&repo=localhost/${scenario.workspace}-other&tag=latest`;
    await scenario.api("POST", `${commit}&changes=${encodeURIComponent("ENV FROM_IMAGE=other")}`, {});
    await scenario.api("DELETE", `/containers/${container.Id}?force=1`);
    try {
      await scenario.manifest(THREE_PROJECTS.replace("web: {", `web: { image: "${reference}",`));
      await scenario.apply();
      const after = await scenario.container("web");
      expect(after.Id).not.toBe(before.Id);
      expect(after.ImageID).not.toBe(before.ImageID);
      expect(await scenario.inside("web", "echo $FROM_IMAGE")).toBe("other\n");
      await scenario.expectConverged();
      await scenario.devc("destroy", "--yes");
    } finally {
      await scenario.api("DELETE", `/images/${encodeURIComponent(reference)}?force=true`);
    }
  });

  it("destroys the sandbox of a removed project, keeps its volume, and says so", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(THREE_PROJECTS);
    await scenario.apply();
    await scenario.manifest(THREE_PROJECTS.replace(/ {2}web:.*\n/, ""));
    const applied = await scenario.apply();
    expect(`${applied.stdout}${applied.stderr}`).toContain("volume/web/cache");
    expect((await scenario.containers()).map(({ Names }) => Names[0])).not.toContain(`/devc-${scenario.workspace}-web`);
    await scenario.expectConverged();
    const volume = `/volumes/devc-${scenario.workspace}-web.cache`;
    expect(await scenario.api("GET", volume)).toMatchObject({ Name: `devc-${scenario.workspace}-web.cache` });
    await scenario.apply("--prune-volumes");
    await expect(scenario.api("GET", volume)).rejects.toThrowError("404");
  });

  it("stops and starts by the manifest without replacing anything", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(THREE_PROJECTS);
    await scenario.apply();
    const { Id } = await scenario.container("api");
    await scenario.manifest(THREE_PROJECTS.replace("api: {", "api: { state: stopped,"));
    await scenario.apply();
    expect((await scenario.container("api")).State).toBe("exited");
    await scenario.expectConverged();
    await scenario.manifest(THREE_PROJECTS);
    await scenario.apply();
    expect(await scenario.container("api")).toMatchObject({ Id, State: "running" });
    await scenario.expectConverged();
  });

  it("keeps the old sandbox when the new one cannot start, and says why", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(THREE_PROJECTS);
    await scenario.apply();
    const before = await scenario.container("web");
    await scenario.manifest(THREE_PROJECTS.replace("web: {", "web: { user: nobody-here,"));
    const failed = await scenario.devc("apply", "--yes", "--approve-loosening");
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain("nobody-here");
    expect(await scenario.container("web")).toMatchObject({ Id: before.Id, State: "running" });
    expect(await scenario.containers()).toHaveLength(3);
    await scenario.manifest(THREE_PROJECTS);
    await scenario.expectConverged();
  });

  it("destroys everything and keeps volumes until they are pruned", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(THREE_PROJECTS);
    await scenario.apply();
    expect((await scenario.devc("destroy", "--yes")).status).toBe(0);
    expect(await scenario.containers()).toEqual([]);
    const volume = `/volumes/devc-${scenario.workspace}-web.cache`;
    expect(await scenario.api("GET", volume)).toMatchObject({ Name: `devc-${scenario.workspace}-web.cache` });
    expect((await scenario.devc("destroy", "--yes", "--prune-volumes")).status).toBe(0);
    await expect(scenario.api("GET", volume)).rejects.toThrowError("404");
  });
});
