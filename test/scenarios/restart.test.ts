import { once } from "node:events";
import { createInterface } from "node:readline";

import { describe, expect, it } from "vitest";

import { testEngines } from "../support/engines.ts";
import { startPrivateEngine } from "../support/private-engine.ts";
import { createScenario } from "../support/scenario.ts";

const PROJECTS = Array.from({ length: 12 }, (_, index) => `p${index + 10}`);
const MANIFEST = `
defaults: { image: "debian:bookworm-slim", profile: strict }
projects:
${PROJECTS.map((name) => `  ${name}: { volumes: { data: /data } }`).join("\n")}
`;

const docker = testEngines.filter(({ name }) => name === "docker");

describe.each(docker)("an engine like $name that is restarted in the middle of an apply", ({ name, endpoint }) => {
  it("makes a clear error, and the next apply converges", async () => {
    await using engine = await startPrivateEngine(name, { from: endpoint, reference: "debian:bookworm-slim" });
    await using scenario = await createScenario(engine.endpoint);
    await scenario.manifest(MANIFEST);
    const child = scenario.start("apply", "--yes", "--json");
    const closed = once(child, "close");
    const codes: string[] = [];
    let stopping: Promise<void> | undefined;
    if (!child.stdout) throw new Error("no output to read");
    for await (const line of createInterface({ input: child.stdout })) {
      const event = JSON.parse(line) as { type: string; op?: { op: string }; code?: string };
      if (event.code !== undefined) codes.push(event.code);
      if (event.type === "op_done" && event.op?.op === "container.start") stopping ??= engine.down();
    }
    await closed;
    expect(stopping, "the engine was stopped while devc worked").toBeDefined();
    await stopping;
    expect([1, 3]).toContain(child.exitCode);
    // A daemon that is going down still answers for a moment: with errors of its own, and that it ended the containers.
    const expected = new Set(["engine-unreachable", "engine-error", "container-failed"]);
    expect(codes.length).toBeGreaterThan(0);
    expect(codes.filter((code) => !expected.has(code))).toEqual([]);

    const without = await scenario.devc("plan");
    expect(without.status).toBe(1);
    expect(without.stderr).toContain("engine-unreachable");
    expect(without.stderr).toContain(engine.endpoint);

    await engine.up();
    await scenario.apply();
    await scenario.expectConverged();
    const names = (await scenario.containers()).map(({ Names }) => Names[0]).toSorted();
    expect(names).toEqual(PROJECTS.map((project) => `/devc-${scenario.workspace}-${project}`));
  });
});
