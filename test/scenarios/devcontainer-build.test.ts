import { randomBytes } from "node:crypto";
import { readFile, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { representativeEngines } from "../support/engines.ts";
import { rawOutOfBand } from "../support/raw-api.ts";
import { createScenario, outputOf } from "../support/scenario.ts";
import type { Scenario } from "../support/scenario.ts";

const IMAGE = "debian:bookworm-slim";
const MIB = 2 ** 20;
const READ_COUNTER = fileURLToPath(new URL("../support/read-counter.mjs", import.meta.url));

describe.each(representativeEngines)("a Dockerfile project on $name", ({ endpoint }) => {
  it("builds its image, makes the sandbox from it, and then nothing is left to do", async () => {
    await using scenario = await createScenario(endpoint);
    await dockerfileProject(scenario);
    expect(await planned(scenario)).toEqual([
      ["image/web", "create", ["missing"]],
      ["sandbox/web", "create", ["missing"]],
    ]);
    await scenario.apply();
    expect(await scenario.inside("web", "cat /app/version; ls /app")).toBe("one\nversion\n");
    await scenario.expectConverged();
    expect((await scenario.plan("--refresh")).changes).toEqual([]);
  });

  it("builds again and replaces when a copied file changes, and not when an ignored one does", async () => {
    await using scenario = await createScenario(endpoint);
    await dockerfileProject(scenario);
    await scenario.apply();
    const before = await scenario.container("web");

    await scenario.write("web/ignored/file", "other noise");
    await scenario.write("web/ignored/further", "noise");
    await scenario.write("web/app/run.log", "other noise");
    await scenario.expectConverged();
    await scenario.apply();
    expect((await scenario.container("web")).Id).toBe(before.Id);

    await scenario.write("web/app/version", "two\n");
    expect(await planned(scenario)).toEqual([
      ["image/web", "replace", ["build-inputs-changed"]],
      ["sandbox/web", "replace", ["image-changed"]],
    ]);
    await scenario.apply();
    expect((await scenario.container("web")).Id).not.toBe(before.Id);
    expect(await scenario.inside("web", "cat /app/version")).toBe("two\n");
    expect(await scenario.containers()).toHaveLength(1);
    await scenario.expectConverged();
  });

  it("builds again when the Dockerfile, an argument, the ignored names or the target change", async () => {
    await using scenario = await createScenario(endpoint);
    await dockerfileProject(scenario);
    await scenario.apply();
    const config = (build: object) =>
      scenario.write("web/.devcontainer/devcontainer.json", JSON.stringify({ build: { context: "..", ...build } }));
    const stages = `FROM ${IMAGE} AS dev\nARG WORD=none\nCOPY app /app\nRUN echo $WORD > /word\nFROM dev AS last\nRUN echo last > /word\n`;
    const steps: [string, () => Promise<void>, string][] = [
      ["the Dockerfile", () => scenario.write("web/.devcontainer/Dockerfile", stages), "last\n"],
      ["the target", () => config({ dockerfile: "Dockerfile", target: "dev" }), "none\n"],
      ["an argument", () => config({ dockerfile: "Dockerfile", target: "dev", args: { WORD: "said" } }), "said\n"],
    ];
    for (const [what, change, word] of steps) {
      await change();
      expect((await planned(scenario))[0], what).toEqual(["image/web", "replace", ["build-inputs-changed"]]);
      await scenario.apply();
      expect(await scenario.inside("web", "cat /word"), what).toBe(word);
      await scenario.expectConverged();
    }
    await scenario.write("web/.dockerignore", "ignored\n");
    await scenario.apply();
    expect(await scenario.inside("web", "cat /app/run.log")).toBe("noise");
  });

  it("builds again when another image is behind the name it starts from", async () => {
    await using scenario = await createScenario(endpoint);
    const raw = rawOutOfBand(endpoint);
    const name = `${scenario.workspace}-base`;
    const base = await raw.makeImage(IMAGE, name, { env: { GENERATION: "one" } });
    try {
      await dockerfileProject(scenario);
      await scenario.write("web/.devcontainer/Dockerfile", `FROM ${base}\nCOPY app /app\n`);
      await scenario.apply();
      expect(await scenario.inside("web", "echo $GENERATION")).toBe("one\n");
      await raw.makeImage(IMAGE, name, { env: { GENERATION: "two" } });
      expect((await planned(scenario))[0]).toEqual(["image/web", "replace", ["base-changed"]]);
      await scenario.apply();
      expect(await scenario.inside("web", "echo $GENERATION")).toBe("two\n");
      await scenario.expectConverged();
    } finally {
      await scenario.devc("destroy", "--yes");
      await raw.removeImage(base);
    }
  });

  it("reads nothing of a context of 500 MiB when nothing changed", async () => {
    await using scenario = await createScenario(endpoint);
    await dockerfileProject(scenario);
    const [copied, ignored] = [32 * MIB, 468 * MIB];
    await writeFile(path.join(scenario.root, "web/app/big"), randomBytes(copied));
    await scenario.write("web/ignored/big", "");
    await truncate(path.join(scenario.root, "web/ignored/big"), ignored);
    const first = await bytesReadByPlan(scenario);
    expect(first).toBeGreaterThan(copied);
    expect(first).toBeLessThan(copied + ignored);
    await scenario.apply();
    expect(await bytesReadByPlan(scenario)).toBeLessThan(copied / 2);
    await scenario.expectConverged();
  });
});

/** A project whose Dockerfile copies `app`, among files that are ignored. */
async function dockerfileProject(scenario: Scenario): Promise<void> {
  await scenario.manifest("projects:\n  web: { path: web }\n");
  const config = { build: { dockerfile: "Dockerfile", context: ".." } };
  await scenario.write("web/.devcontainer/devcontainer.json", JSON.stringify(config));
  await scenario.write("web/.devcontainer/Dockerfile", `FROM ${IMAGE}\nCOPY app /app\n`);
  await scenario.write("web/.dockerignore", "**/*.log\nignored\n");
  await scenario.write("web/app/version", "one\n");
  await scenario.write("web/app/run.log", "noise");
  await scenario.write("web/ignored/file", "noise");
}

/** What is planned, without what stays as it is. */
async function planned(scenario: Scenario): Promise<[string, string, string[]][]> {
  const { changes } = await scenario.plan();
  return changes.map(({ address, action, reasons }) => [address, action, reasons.map(({ code }) => code)]);
}

/** Bytes that one plan reads, whatever from. */
async function bytesReadByPlan(scenario: Scenario): Promise<number> {
  const file = `${scenario.root}/read-count`;
  const variables = { NODE_OPTIONS: `--import=${READ_COUNTER}`, DEVC_TEST_READ_COUNT: file };
  const { status, stdout, stderr } = await outputOf(scenario.startWith(variables, "plan"));
  if (status !== 0) throw new Error(`devc plan ended with ${status}: ${stdout}${stderr}`);
  return Number(await readFile(file, "utf8"));
}
