import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Engine } from "../../../src/drivers/engine/engine.ts";
import { logHooks, readHookLog } from "../../../src/drivers/hooks/hook-log.ts";
import { DevcError } from "../../../src/model/errors.ts";
import type { HookRequest, RunHooks } from "../../../src/reconcile/hook-runner.ts";

const ENGINE = {} as Engine;
const TIME = "2026-01-01T00:00:00.000Z";

let stateDir: string;
let shown: string[];

beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), "devc-hook-log-"));
  shown = [];
});

afterEach(() => rmSync(stateDir, { recursive: true }));

const request = (): HookRequest => ({
  containerId: "c1",
  project: "web",
  hooks: {
    phases: {},
    remote: { workdir: "/", env: {}, userEnvProbe: "none" },
    timeoutMs: 1000,
    waitFor: "updateContent",
  },
  phases: [],
  reveal: (text) => text,
  onOutput: (_phase, _name, line) => void shown.push(line),
  signal: new AbortController().signal,
});

const options = () => ({ stateDir, workspace: "acme", now: () => Date.parse(TIME) });
const printing =
  (...lines: string[]): RunHooks =>
  async (_engine, { onOutput }) => {
    for (const line of lines) onOutput("postCreate", undefined, line);
  };
const read = () => readHookLog(options(), "web");

describe("the log of hooks", () => {
  it("has every line with its time and phase, in a private file, and hands it on", async () => {
    const runHooks = logHooks(async (_engine, { onOutput }) => {
      onOutput("onCreate", undefined, "one");
      onOutput("postCreate", "deps", "two");
    }, options());
    await runHooks(ENGINE, request());
    expect(read()).toEqual([`${TIME} [onCreate] one`, `${TIME} [postCreate:deps] two`]);
    expect(shown).toEqual(["one", "two"]);
    const file = path.join(stateDir, "hooks", "acme", "web.log");
    expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
    expect((statSync(path.dirname(file)).mode & 0o777).toString(8)).toBe("700");
  });

  it("is of the last run that printed anything, unless that adds to it", async () => {
    await logHooks(printing("first"), options())(ENGINE, request());
    await logHooks(printing(), options())(ENGINE, request());
    expect(read()).toEqual([`${TIME} [postCreate] first`]);
    await logHooks(printing("second"), options())(ENGINE, request());
    await logHooks(printing("third"), { ...options(), append: true })(ENGINE, request());
    expect(read()).toEqual([`${TIME} [postCreate] second`, `${TIME} [postCreate] third`]);
  });

  it("ends with why the commands failed", async () => {
    const failing: RunHooks = async () => {
      throw new DevcError("hook-failed", "postCreateCommand of project web ended with status 1");
    };
    await expect(logHooks(failing, options())(ENGINE, request())).rejects.toMatchObject({ code: "hook-failed" });
    expect(read()).toEqual([`${TIME} [devc] postCreateCommand of project web ended with status 1`]);
  });

  it("never grows beyond 10 MiB and keeps its end", async () => {
    const line = "x".repeat(1024 * 1024);
    await logHooks(printing(...Array.from({ length: 25 }, (_, at) => `${line}${at}`)), options())(ENGINE, request());
    const lines = read() ?? [];
    expect(lines.at(-1)).toBe(`${TIME} [postCreate] ${line}24`);
    expect(lines.every((each) => each.startsWith(TIME))).toBe(true);
    expect(readFileSync(path.join(stateDir, "hooks", "acme", "web.log")).length).toBeLessThan(10 * 1024 * 1024);
  });

  it("that cannot be kept is told once and stops no command", async () => {
    writeFileSync(path.join(stateDir, "hooks"), "in the way");
    await logHooks(printing("one", "two"), options())(ENGINE, request());
    expect(shown).toEqual([expect.stringMatching(/^devc: the log .*web\.log cannot be kept: E/), "one", "two"]);
  });

  it("of a project that never printed is not there", () => {
    expect(read()).toBeUndefined();
  });
});
