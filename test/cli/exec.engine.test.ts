import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { testEngines } from "../support/engines.ts";
import { openPty } from "../support/pty.ts";
import { createScenario } from "../support/scenario.ts";

const DEVC = join(import.meta.dirname, "..", "..", "bin", "devc.cjs");
const PROJECTS = `
defaults: { image: "debian:bookworm-slim", profile: strict }
projects: { web: { env: { INSIDE: "yes" } }, api: {} }
`;

/** Says `found` when the program runs; the probe's own arguments do not hold the word it looks for. */
const FIND_PROGRAM = `
word=the-
for file in /proc/[0-9]*/cmdline; do
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *"\${word}program"*) echo found ;; esac
  done 2>/dev/null <"$file"
done
`;

/** The built program, in a real terminal, on a real engine. */
describe.each(testEngines)("on $name", ({ endpoint }) => {
  it("devc attach opens a shell in the sandbox, and devc exec a program on the terminal", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(PROJECTS);
    await scenario.apply();
    const env = { ...process.env, DEVC_ENGINE: endpoint, TERM: "xterm-256color" };
    const open = (...words: string[]) =>
      openPty([process.execPath, DEVC, ...words], { cwd: scenario.root, env, columns: 101, rows: 33 });
    {
      await using pty = await open("attach", "web");
      // An engine learns the size after the shell has started.
      pty.type('until [ "$(stty size)" = "33 101" ]; do sleep 0.05; done\r');
      pty.type("echo $INSIDE $(hostname) $(stty size) $TERM; exit 11\r");
      await pty.until(/yes web 33 101 xterm-256color/);
      expect(await pty.ended).toEqual({ exit: 11, modes: { echo: true, lines: true, signals: true } });
    }
    {
      // Short sleeps: a signal that comes between a shell's fork and the sleep is held until that one ends.
      const program = "trap 'exit 12' INT; echo ready; while :; do sleep 0.2; done";
      await using pty = await open("exec", "api", "--", "sh", "-c", program);
      await pty.until(/ready/);
      pty.type("\u0003");
      expect(await pty.ended).toEqual({ exit: 12, modes: { echo: true, lines: true, signals: true } });
    }
  });

  it("devc exec ends the program when the terminal is closed", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(PROJECTS);
    await scenario.apply();
    const running = () => scenario.inside("web", FIND_PROGRAM);
    {
      const words = ["exec", "web", "--", "sh", "-c", "while :; do echo running; sleep 0.05; done", "the-program"];
      const env = { ...process.env, DEVC_ENGINE: endpoint };
      await using pty = await openPty([process.execPath, DEVC, ...words], { cwd: scenario.root, env });
      await pty.until(/running/);
      expect(await running()).toContain("found");
    }
    await expect.poll(running, { timeout: 60_000, interval: 200 }).toBe("");
  });

  it("devc exec keeps outputs apart, passes the exit code on, and names what is missing", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(PROJECTS);
    const missing = await scenario.devc("exec", "web", "--", "true");
    expect([missing.status, missing.stdout]).toEqual([1, ""]);
    expect(missing.stderr).toContain("devc up web");
    await scenario.apply();
    expect(await scenario.devc("exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 13")).toEqual({
      status: 13,
      stdout: "out\n",
      stderr: "err\n",
    });
    const { Id } = await scenario.container("web");
    await scenario.api("POST", `/containers/${Id}/stop?t=0`);
    const stopped = await scenario.devc("exec", "web", "--", "true");
    expect(stopped.status).toBe(1);
    expect(stopped.stderr).toContain("not running");
  });

  it("devc exec does not enter a container that only has the name", async () => {
    await using scenario = await createScenario(endpoint);
    await scenario.manifest(PROJECTS);
    await scenario.apply();
    expect(await scenario.inside("web", "echo $INSIDE")).toBe("yes\n");
    const { Id, Names } = await scenario.container("web");
    await scenario.api("DELETE", `/containers/${Id}?force=1`);
    const stranger = (await scenario.api("POST", `/containers/create?name=${Names[0]?.slice(1)}`, {
      Image: "debian:bookworm-slim",
      Cmd: ["sleep", "2147483647"],
      Labels: { "devc.workspace": scenario.workspace, "devc.address": "sandbox/web" },
      HostConfig: { NetworkMode: "none" },
    })) as { Id: string };
    await scenario.api("POST", `/containers/${stranger.Id}/start`);
    const run = await scenario.devc("exec", "web", "--", "sh", "-c", "echo entered");
    expect([run.status, run.stdout]).toEqual([1, ""]);
    expect(run.stderr).toContain("is not the sandbox of project web");
  });
});
