import { describe, expect, it } from "vitest";

import { testEngines } from "../support/engines.ts";
import { createScenario } from "../support/scenario.ts";
import type { Scenario } from "../support/scenario.ts";

const MANIFEST = `
defaults: { image: "debian:bookworm-slim" }
projects:
  web: { profile: permissive, resources: { memory: 512MiB }, volumes: { cache: /cache } }
`;

async function applied(endpoint: string): Promise<Scenario> {
  const scenario = await createScenario(endpoint);
  await scenario.manifest(MANIFEST);
  await scenario.apply();
  return scenario;
}

/** The plan must show drift of this action, and one apply must heal it. */
async function expectHealed(scenario: Scenario, address: string, action: string, ...words: string[]): Promise<void> {
  const { changes } = await scenario.plan(...words);
  expect(changes.map((change) => [change.address, change.action, change.drift])).toContainEqual([
    address,
    action,
    true,
  ]);
  await scenario.apply(...words);
  await scenario.expectConverged();
}

describe.each(testEngines)("drift on $name", ({ name, endpoint }) => {
  it.each(["stop?t=0", "kill"])("starts a sandbox that somebody ended (%s)", async (how) => {
    await using scenario = await applied(endpoint);
    const { Id } = await scenario.container("web");
    await scenario.api("POST", `/containers/${Id}/${how}`);
    await expectHealed(scenario, "sandbox/web", "start");
    expect(await scenario.container("web")).toMatchObject({ Id, State: "running" });
  });

  it("unpauses a paused sandbox", async () => {
    await using scenario = await applied(endpoint);
    const { Id } = await scenario.container("web");
    await scenario.api("POST", `/containers/${Id}/pause`);
    await expectHealed(scenario, "sandbox/web", "start");
  });

  it("gives a renamed sandbox its name back", async () => {
    await using scenario = await applied(endpoint);
    const { Id } = await scenario.container("web");
    await scenario.api("POST", `/containers/${Id}/rename?name=${scenario.workspace}-mine`);
    await expectHealed(scenario, "sandbox/web", "update");
    expect((await scenario.container("web")).Id).toBe(Id);
  });

  it("takes a sandbox off a network that somebody attached, and puts it back on its own", async () => {
    await using scenario = await applied(endpoint);
    const { Id } = await scenario.container("web");
    const foreign = `${scenario.workspace}-foreign`;
    await scenario.api("POST", "/networks/create", { Name: foreign, Driver: "bridge" });
    try {
      await scenario.api("POST", `/networks/${foreign}/connect`, { Container: Id });
      await scenario.api("POST", `/networks/devc-${scenario.workspace}-web/disconnect`, { Container: Id });
      await expectHealed(scenario, "sandbox/web", "update");
      expect((await scenario.container("web")).Id).toBe(Id);
    } finally {
      await scenario.api("DELETE", `/networks/${foreign}`);
    }
  });

  it("creates a removed sandbox and its removed volume again", async () => {
    await using scenario = await applied(endpoint);
    const { Id } = await scenario.container("web");
    await scenario.api("DELETE", `/containers/${Id}?force=1`);
    await scenario.api("DELETE", `/volumes/devc-${scenario.workspace}-web.cache`);
    const { changes } = await scenario.plan();
    expect(changes.map(({ address, action }) => [address, action])).toEqual([
      ["sandbox/web", "create"],
      ["volume/web/cache", "create"],
    ]);
    await scenario.apply();
    await scenario.expectConverged();
  });

  // Podman 4.3 has no compatible update endpoint; its own one is used there to play the other person.
  it("sees limits that somebody else changed when asked to look closely", async () => {
    await using scenario = await applied(endpoint);
    const { Id } = await scenario.container("web");
    const bytes = 400 * 2 ** 20;
    if (name === "podman") {
      await scenario.api("POST", `/v4.3.0/libpod/containers/${Id}/update`, { memory: { limit: bytes, swap: bytes } });
    } else {
      await scenario.api("POST", `/containers/${Id}/update`, { Memory: bytes, MemorySwap: bytes });
    }
    await expectHealed(scenario, "sandbox/web", "update", "--refresh");
    expect((await scenario.plan("--refresh")).changes).toEqual([]);
    expect((await scenario.container("web")).Id).toBe(Id);
  });

  it("never touches containers that only look like its own", async () => {
    await using scenario = await applied(endpoint);
    const { Id } = await scenario.container("web");
    const reference = `localhost/${scenario.workspace}-copy`;
    await scenario.api("POST", `/commit?container=${Id}&repo=${reference}&tag=latest`, {});
    const labels = (await scenario.container("web")).Labels;
    const make = async (title: string, body: object): Promise<string> => {
      const created = (await scenario.api("POST", `/containers/create?name=${scenario.workspace}-${title}`, body)) as {
        Id: string;
      };
      return created.Id;
    };
    const foreign = [
      await make("committed", { Image: `${reference}:latest`, Cmd: ["sleep", "60"] }),
      await make("partial", { Image: "debian:bookworm-slim", Labels: { "devc.workspace": scenario.workspace } }),
      await make("forged", {
        Image: "debian:bookworm-slim",
        Labels: { ...labels, "devc.spec": '{"image":"x","network":{"mode":"none"}}' },
      }),
    ];
    try {
      const { changes, foreign: reported } = await scenario.plan();
      expect(changes).toEqual([]);
      expect(reported.map(({ id }) => id).toSorted()).toEqual(foreign.toSorted());
      expect((await scenario.devc("destroy", "--yes")).status).toBe(0);
      expect((await scenario.containers()).map((row) => row.Id).toSorted()).toEqual(foreign.toSorted());
    } finally {
      for (const id of foreign) await scenario.api("DELETE", `/containers/${id}?force=1`);
      await scenario.api("DELETE", `/images/${encodeURIComponent(`${reference}:latest`)}?force=true`);
    }
  });
});
