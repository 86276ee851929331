import path from "node:path";

import { describe, expect, it } from "vitest";

import { representativeEngines } from "../support/engines.ts";
import { openPty } from "../support/pty.ts";
import { createScenario, outputOf } from "../support/scenario.ts";
import type { Scenario } from "../support/scenario.ts";

const DEVC = path.join(import.meta.dirname, "..", "..", "bin", "devc.cjs");
const PATIENCE = { timeout: 120_000, interval: 200 };

/** The project `web`, whose user is the image's `nobody`: it has an ID of its own, no shell and no home. */
async function declare(scenario: Scenario, devcontainer: object): Promise<void> {
  await scenario.manifest("projects: { web: { path: web } }\n");
  const file = {
    image: "debian:bookworm-slim",
    remoteUser: "nobody",
    updateRemoteUserUID: false,
    remoteEnv: { GREETING: "${containerEnv:NAME} ${localEnv:LOGNAME:nobody}" },
    containerEnv: { NAME: "hello" },
    ...devcontainer,
  };
  await scenario.write("web/.devcontainer/devcontainer.json", JSON.stringify(file));
}

/** The built program and a devcontainer.json, on a real engine. */
describe.each(representativeEngines)("on $name", ({ endpoint }) => {
  it("devc exec runs as remoteUser in workspaceFolder with remoteEnv, unless told otherwise", async () => {
    await using scenario = await createScenario(endpoint);
    await declare(scenario, { onCreateCommand: "true" });
    await scenario.apply();
    const line = 'echo "$(id -un) $PWD ${GREETING%% *} $HOME"';
    expect(await scenario.inside("web", line)).toBe("nobody /workspaces/web hello /nonexistent\n");
    const other = await scenario.devc(
      "exec",
      "-u",
      "0",
      "-w",
      "/tmp",
      "-e",
      "GREETING=hi",
      "web",
      "--",
      "sh",
      "-c",
      line,
    );
    expect(other).toMatchObject({ status: 0, stdout: "root /tmp hi /root\n" });
  });

  it("devc exec waits while apply runs commands, and nobody waits for ever after they failed", async () => {
    await using scenario = await createScenario(endpoint);
    await declare(scenario, {
      userEnvProbe: "none",
      onCreateCommand: "echo begun; until [ -e go ]; do sleep 0.2; done; exit 3",
    });
    const applying = outputOf(scenario.start("apply", "--yes"));
    const containers = () => scenario.containers();
    await expect.poll(async () => (await containers()).map(({ State }) => State), PATIENCE).toEqual(["running"]);
    const waiting = scenario.start("exec", "-T", "web", "--", "true");
    const ended = outputOf(waiting);
    let told = "";
    waiting.stderr?.on("data", (chunk) => (told += String(chunk)));
    await expect.poll(() => told, PATIENCE).toContain("Waiting until updateContentCommand of project web is over");
    await scenario.write("web/go", "");
    expect(await applying).toMatchObject({ status: 1, stderr: expect.stringContaining("ended with status 3") });
    const failed = await ended;
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain("updateContentCommand of project web has not succeeded, and no devc is running it");
    const { stdout } = await scenario.devc("logs", "--hooks", "web");
    expect(stdout).toMatch(/ \[onCreate\] begun\n.* \[devc\] onCreateCommand of project web ended with status 3: /);
  });

  it("devc attach runs postAttachCommand and opens the user's shell in workspaceFolder", async () => {
    await using scenario = await createScenario(endpoint);
    await declare(scenario, { postAttachCommand: "echo attached as $(id -un)" });
    await scenario.apply();
    const own = path.join(scenario.root, ".devc");
    const env = { ...process.env, DEVC_ENGINE: endpoint, XDG_STATE_HOME: own, XDG_CACHE_HOME: own, TERM: "xterm" };
    await using pty = await openPty([process.execPath, DEVC, "attach", "web"], { cwd: scenario.root, env });
    await pty.until(/\[postAttach\] attached as nobody/);
    pty.type('echo "$(id -un) in $PWD, ${GREETING%% *}"; exit 9\r');
    await pty.until(/nobody in \/workspaces\/web, hello/);
    expect((await pty.ended).exit).toBe(9);
  });

  it("devc apply that is interrupted ends the command inside", async () => {
    await using scenario = await createScenario(endpoint);
    await declare(scenario, { userEnvProbe: "none", postCreateCommand: "echo begun; sleep 1947483641" });
    const applying = scenario.start("apply", "--yes");
    const ended = outputOf(applying);
    let told = "";
    applying.stderr?.on("data", (chunk) => (told += String(chunk)));
    await expect.poll(() => told, PATIENCE).toContain("begun");
    applying.kill("SIGINT");
    expect((await ended).status).toBe(130);
    const commands = await scenario.inside("web", "for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f; echo; done");
    expect(commands).toContain("cmdline");
    expect(commands).not.toContain("1947483641");
  });
});
