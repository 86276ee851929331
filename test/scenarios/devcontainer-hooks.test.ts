import { describe, expect, it } from "vitest";

import { representativeEngines } from "../support/engines.ts";
import { createScenario } from "../support/scenario.ts";
import type { Scenario } from "../support/scenario.ts";

const IMAGE = "debian:bookworm-slim";
const ALL = ["onCreate", "updateContent", "postCreate", "postStart"];

/** A line in the container and one in the project's folder, which outlives it. */
const note = (phase: string) => `echo ${phase} | tee -a /var/tmp/hooks >> hooks`;
const HOOKS = {
  onCreateCommand: note("onCreate"),
  updateContentCommand: ["sh", "-c", note("updateContent")],
  postCreateCommand: note("postCreate"),
  postStartCommand: note("postStart"),
};

describe.each(representativeEngines)("lifecycle commands on $name", ({ endpoint }) => {
  it("run in order when the sandbox is made, and not again", async () => {
    await using scenario = await createScenario(endpoint);
    await project(scenario, HOOKS);
    const run = await scenario.apply();
    expect(await ran(scenario)).toEqual(ALL);
    expect(`${run.stdout}${run.stderr}`).toContain("onCreate");
    await scenario.expectConverged();
    await scenario.apply();
    expect(await ran(scenario)).toEqual(ALL);
  });

  it("run after a restart only as far as they belong to a start", async () => {
    await using scenario = await createScenario(endpoint);
    await project(scenario, HOOKS);
    await scenario.apply();
    const { Id } = await scenario.container("web");
    await scenario.api("POST", `/containers/${Id}/stop?t=1`);
    await scenario.apply();
    expect((await scenario.container("web")).Id).toBe(Id);
    expect(await ran(scenario)).toEqual([...ALL, "postStart"]);
    await scenario.expectConverged();
  });

  it("run all again in a sandbox that replaces another", async () => {
    await using scenario = await createScenario(endpoint);
    await project(scenario, HOOKS);
    await scenario.apply();
    const before = await scenario.container("web");
    await project(scenario, { ...HOOKS, containerEnv: { NEW: "yes" } });
    await scenario.apply();
    expect((await scenario.container("web")).Id).not.toBe(before.Id);
    expect(await ran(scenario)).toEqual(ALL);
    expect(await scenario.inside("web", "cat hooks")).toBe([...ALL, ...ALL, ""].join("\n"));
    await scenario.expectConverged();
  });

  it("run again from the one that failed, when it can succeed", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(`projects:\n  web: { path: web }\n  other: { image: "${IMAGE}" }\n`);
    const waits = `${note("postCreate")}; echo looking for ready >&2; test -e ready`;
    await configure(scenario, { ...HOOKS, postCreateCommand: waits });
    const failed = await scenario.devc("apply", "--yes");
    expect(failed.status, failed.stderr).toBe(3);
    expect(`${failed.stdout}${failed.stderr}`).toMatch(/postCreate/);
    expect(`${failed.stdout}${failed.stderr}`).toContain("looking for ready");
    expect((await scenario.container("other")).State).toBe("running");
    const { Id } = await scenario.container("web");
    const [change] = (await scenario.plan()).changes;
    expect([change?.address, change?.action, change?.reasons.map(({ code }) => code)]).toEqual([
      "sandbox/web",
      "resume",
      ["hooks-pending"],
    ]);
    await scenario.write("web/ready", "");
    await scenario.apply();
    expect((await scenario.container("web")).Id).toBe(Id);
    expect(await ran(scenario)).toEqual(["onCreate", "updateContent", "postCreate", "postCreate", "postStart"]);
    await scenario.expectConverged();
  });

  it("leave the old sandbox running when they fail in the new one", async () => {
    await using scenario = await createScenario(endpoint);
    await project(scenario, HOOKS);
    await scenario.apply();
    const { Id } = await scenario.container("web");
    await project(scenario, { ...HOOKS, containerEnv: { NEW: "yes" }, onCreateCommand: "echo no luck >&2; exit 7" });
    const failed = await scenario.devc("apply", "--yes");
    expect(failed.status).toBe(1);
    expect(`${failed.stdout}${failed.stderr}`).toContain("no luck");
    expect((await scenario.containers()).map((row) => [row.Id, row.State])).toEqual([[Id, "running"]]);
    await project(scenario, { ...HOOKS, containerEnv: { NEW: "yes" } });
    await scenario.apply();
    expect((await scenario.container("web")).Id).not.toBe(Id);
    expect(await ran(scenario)).toEqual(ALL);
  });

  it("may run side by side within one phase, and the next one waits for all", async () => {
    await using scenario = await createScenario(endpoint);
    // Each waits for the other's file: one after the other they would never end.
    const meet = (own: string, other: string) =>
      `touch /tmp/${own}; until [ -e /tmp/${other} ]; do sleep 0.05; done; echo ${own} >> /var/tmp/hooks`;
    await project(scenario, {
      onCreateCommand: { one: meet("one", "two"), two: ["sh", "-c", meet("two", "one")] },
      updateContentCommand: "echo after >> /var/tmp/hooks",
    });
    await scenario.apply();
    const lines = await ran(scenario);
    expect([lines.slice(0, 2).toSorted(), lines.slice(2)]).toEqual([["one", "two"], ["after"]]);
  });
});

async function project(scenario: Scenario, config: object): Promise<void> {
  await scenario.manifest("projects:\n  web: { path: web }\n");
  await configure(scenario, config);
}

function configure(scenario: Scenario, config: object): Promise<void> {
  return scenario.write("web/.devcontainer/devcontainer.json", JSON.stringify({ image: IMAGE, ...config }));
}

/** The phases that ran in the sandbox there is now. */
async function ran(scenario: Scenario): Promise<string[]> {
  return (await scenario.inside("web", "cat /var/tmp/hooks")).trim().split("\n");
}
