import { once } from "node:events";

import { describe, expect, it } from "vitest";

import { testEngines } from "../support/engines.ts";
import { createScenario, outputOf } from "../support/scenario.ts";
import type { Scenario } from "../support/scenario.ts";

/** Two versions of a workspace whose difference holds every kind of change. */
const VERSIONS = [
  `
defaults: { image: "debian:bookworm-slim", profile: strict }
projects:
  a: { env: { V: one }, volumes: { data: /data } }
  b: { resources: { memory: 512MiB } }
  c: { state: stopped }
  d: { profile: permissive }
`,
  `
defaults: { image: "debian:bookworm-slim", profile: strict }
projects:
  a: { env: { V: two }, volumes: { data: /data } }
  b: { resources: { memory: 768MiB } }
  c: { env: { V: two } }
  e: { profile: permissive }
`,
] as const;

/** Exactly the declared sandboxes, no candidate, no former container, and nothing left to plan. */
async function expectWhole(scenario: Scenario, projects: string[]): Promise<void> {
  await scenario.expectConverged();
  const names = (await scenario.containers()).map(({ Names }) => Names[0]).toSorted();
  expect(names).toEqual(projects.map((project) => `/devc-${scenario.workspace}-${project}`));
  const filters = encodeURIComponent(JSON.stringify({ label: [`devc.workspace=${scenario.workspace}`] }));
  const networks = (await scenario.api("GET", `/networks?filters=${filters}`)) as { Name: string }[];
  expect(networks).toHaveLength(1);
}

const docker = testEngines.filter(({ name }) => name === "docker");

describe.each(docker)("kill -9 on $name", ({ endpoint }) => {
  it("leaves nothing that the next apply does not finish, at 30 random moments", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(VERSIONS[0]);
    await scenario.apply("--approve-loosening");
    await scenario.manifest(VERSIONS[1]);
    const began = Date.now();
    await scenario.apply("--approve-loosening", "--allow-delete", "1");
    const wholeApply = Date.now() - began;
    const moments: { afterMs: number; finished: boolean }[] = [];
    for (let round = 0; round < 30; round += 1) {
      const version = round % 2;
      await scenario.manifest(VERSIONS[version] ?? "");
      const child = scenario.start("apply", "--yes", "--approve-loosening");
      const closed = once(child, "close");
      const afterMs = Math.round(Math.random() * wholeApply);
      const timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
      await closed;
      clearTimeout(timer);
      moments.push({ afterMs, finished: child.signalCode === null });
      await scenario.apply("--approve-loosening");
      await expectWhole(scenario, version === 0 ? ["a", "b", "c", "d"] : ["a", "b", "c", "e"]);
    }
    const killed = moments.filter(({ finished }) => !finished);
    expect(killed.length, `killed before the end: ${JSON.stringify(moments)}`).toBeGreaterThan(15);
  });
});

describe.each(testEngines)("two applies at once on $name", ({ endpoint }) => {
  it("exclude each other, and the state is one of the two", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(VERSIONS[0]);
    const runs = await Promise.all([1, 2, 3].map(() => outputOf(scenario.start("apply", "--yes"))));
    const statuses = runs.map(({ status }) => status);
    expect(statuses).toContain(0);
    expect(
      statuses.filter((status) => status !== 0 && status !== 5),
      JSON.stringify(runs),
    ).toEqual([]);
    await expectWhole(scenario, ["a", "b", "c", "d"]);
  });
});
