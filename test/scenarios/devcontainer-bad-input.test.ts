import { describe, expect, it } from "vitest";

import { representativeEngines } from "../support/engines.ts";
import { createScenario, outputOf } from "../support/scenario.ts";
import type { Run, Scenario } from "../support/scenario.ts";

const IMAGE = "debian:bookworm-slim";
const FILE = "web/.devcontainer/devcontainer.json";
const DOCKERFILE = "web/.devcontainer/Dockerfile";
const BUILT = JSON.stringify({ build: { dockerfile: "Dockerfile" } });

/** A change of a project that runs, that cannot come true. */
type Bad = {
  what: string;
  /** Text of the devcontainer.json. */
  config: string;
  files?: Record<string, string>;
  status: number;
  /** What the person reads: each must be there. */
  says: (string | RegExp)[];
  manifest?: string;
};

const BAD: Bad[] = [
  {
    what: "broken JSONC",
    config: `{\n  "image": "${IMAGE}",\n  "remoteEnv": { "A" "b" }\n}\n`,
    status: 64,
    says: [/devcontainer\.json:3:\d+/],
  },
  {
    what: "a missing Dockerfile",
    config: JSON.stringify({ build: { dockerfile: "Dockerfile.gone" } }),
    status: 64,
    says: ["Dockerfile.gone", /devcontainer\.json:1:\d+/],
  },
  {
    what: "a step of the build that fails",
    config: BUILT,
    files: { [DOCKERFILE]: `FROM ${IMAGE}\nRUN echo going well\nRUN echo "no such thing" >&2; exit 9\n` },
    status: 1,
    says: ["no such thing", "exit 9"],
  },
  {
    what: "an image that is nowhere",
    config: JSON.stringify({ image: "localhost:9/none/such:1" }),
    status: 1,
    says: ["localhost:9/none/such:1"],
  },
  {
    what: "an image a Dockerfile starts from that is nowhere",
    config: BUILT,
    files: { [DOCKERFILE]: "FROM localhost:9/none/such:2\n" },
    status: 1,
    says: ["localhost:9/none/such:2"],
  },
  {
    what: "a user that the image does not have",
    config: JSON.stringify({ image: IMAGE, containerUser: "nosuchuser" }),
    status: 1,
    says: ["nosuchuser"],
  },
  {
    what: "a remote user that the image does not have",
    config: JSON.stringify({
      image: IMAGE,
      remoteUser: "nosuchuser",
      containerEnv: { NEW: "1" },
      postCreateCommand: "true",
    }),
    status: 1,
    says: ["nosuchuser"],
  },
  {
    what: "a variable without a name",
    config: JSON.stringify({ image: IMAGE, containerEnv: { A: "${localEnv}" } }),
    status: 64,
    says: [/devcontainer\.json:1:\d+/, "localEnv"],
  },
  {
    what: "a mount whose source is not there",
    config: JSON.stringify({ image: IMAGE, mounts: ["type=bind,source=${localWorkspaceFolder}/gone,target=/gone"] }),
    status: 64,
    says: [/devcontainer\.json:1/, "gone"],
  },
  {
    what: "a hook that hangs longer than it may",
    config: JSON.stringify({ image: IMAGE, containerEnv: { NEW: "1" }, onCreateCommand: "echo begun; sleep 600" }),
    manifest: "projects:\n  web: { path: web, hookTimeout: 2s }\n",
    status: 1,
    says: ["onCreateCommand", /2 ?s/, "begun"],
  },
  {
    what: "an argument that docker run does not have",
    config: JSON.stringify({ image: IMAGE, runArgs: ["--privilegd"] }),
    status: 64,
    says: [/devcontainer\.json:1/, "--privilegd", "--privileged"],
  },
];

describe.each(representativeEngines)("bad input on $name", ({ endpoint }) => {
  it.each(BAD)("$what is refused with a clear error, and the old sandbox stays", async (bad) => {
    await using scenario = await runningProject(endpoint);
    const { Id } = await scenario.container("web");
    for (const [file, text] of Object.entries(bad.files ?? {})) await scenario.write(file, text);
    await scenario.write(FILE, bad.config);
    if (bad.manifest !== undefined) await scenario.manifest(bad.manifest);
    const run = await scenario.devc("apply", "--yes");
    const text = saidBy(run);
    expect(run.status, text).toBe(bad.status);
    for (const words of bad.says) expect(text).toMatch(words);
    expect(text).not.toMatch(/\n +at .*\.(ts|cjs|js):\d+/);
    await expectUntouched(scenario, Id);
  });

  it("an interrupt ends a hook that hangs, and the old sandbox stays", async () => {
    await using scenario = await runningProject(endpoint);
    const { Id } = await scenario.container("web");
    await scenario.write(
      FILE,
      JSON.stringify({ image: IMAGE, containerEnv: { NEW: "1" }, onCreateCommand: "echo it has begun; sleep 600" }),
    );
    const child = scenario.start("apply", "--yes");
    const ended = outputOf(child);
    await Promise.race([outputWith(child, "it has begun"), ended]);
    child.kill("SIGINT");
    const run = await ended;
    expect(run.status, saidBy(run)).toBe(130);
    // The candidate stays, for an apply that goes on with it. This one goes back.
    expect((await scenario.container("web")).State).toBe("running");
    await scenario.write(FILE, JSON.stringify({ image: IMAGE }));
    await scenario.apply();
    await expectUntouched(scenario, Id);
  });
});

/** A sandbox that runs, of an image project. */
async function runningProject(endpoint: string): Promise<Scenario> {
  const scenario = await createScenario(endpoint);
  await scenario.manifest("projects:\n  web: { path: web }\n");
  await scenario.write(FILE, JSON.stringify({ image: IMAGE }));
  await scenario.apply();
  return scenario;
}

/** Only the old sandbox is there and runs; with the old file nothing is left to do. */
async function expectUntouched(scenario: Scenario, id: string): Promise<void> {
  expect((await scenario.containers()).map(({ Id, State }) => [Id, State])).toEqual([[id, "running"]]);
  await scenario.manifest("projects:\n  web: { path: web }\n");
  await scenario.write(FILE, JSON.stringify({ image: IMAGE }));
  await scenario.expectConverged();
  expect((await scenario.container("web")).Id).toBe(id);
}

function saidBy({ stdout, stderr }: Run): string {
  return `${stdout}${stderr}`;
}

/** Waits until a child has printed something. */
function outputWith(child: ReturnType<Scenario["start"]>, words: string): Promise<void> {
  return new Promise((resolve) => {
    let text = "";
    const take = (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(words)) resolve();
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
  });
}
