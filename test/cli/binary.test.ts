import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import packageManifest from "../../package.json" with { type: "json" };
import { outputOf } from "../support/scenario.ts";
import type { Run } from "../support/scenario.ts";

const TOP = fileURLToPath(new URL("../..", import.meta.url));
const DEVC = path.join(TOP, "bin", "devc.cjs");

let home: string;
let root: string;
beforeAll(() => execFileSync(process.execPath, [path.join(TOP, "scripts", "build.mjs")]));
beforeEach(() => {
  home = realpathSync(mkdtempSync(path.join(tmpdir(), "devc-bin-")));
  root = path.join(home, "workspace");
  mkdirSync(root);
  writeFileSync(
    path.join(root, "devc.yaml"),
    "version: 1\nworkspace: acme\nprojects: { web: { image: x, profile: strict } }\n",
  );
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const codeFolder = (): string => path.join(home, "cache", "devc", "code");
const codeFiles = (): string[] => readdirSync(codeFolder()).toSorted();

function start(words: string[], env: Record<string, string> = {}) {
  const { PATH = "" } = process.env;
  const variables = { PATH, HOME: home, XDG_CACHE_HOME: path.join(home, "cache"), ...env };
  return spawn(process.execPath, [DEVC, ...words], { cwd: root, env: variables });
}
const devc = (words: string[], env?: Record<string, string>): Promise<Run> => outputOf(start(words, env));

describe("the built devc", () => {
  it("prints its version and help", async () => {
    expect(await devc(["--version"])).toEqual({ status: 0, stdout: `${packageManifest.version}\n`, stderr: "" });
    expect((await devc(["--help"])).stdout).toContain("Usage: devc COMMAND");
  });

  it("runs commands and passes their exit status on", async () => {
    expect((await devc(["validate"])).stdout).toContain("devc.yaml is valid: 1 project (web).");
    expect((await devc(["plan", "--offline", "--detailed-exitcode"])).status).toBe(2);
    expect((await devc(["validate", "-f", "missing.yaml"])).status).toBe(64);
  });

  it("reports an engine that was named and is not there, and looks for no other", async () => {
    const { status, stdout, stderr } = await devc(["plan", "--engine", `unix://${home}/none.sock`]);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("[engine-unreachable]");
    expect(stderr).toContain("none.sock");
  });

  it("ends quietly when its reader goes away", async () => {
    const child = start(["schema", "events"]);
    child.stdout.once("data", () => child.stdout.destroy());
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect([status, stderr]).toEqual([0, ""]);
  });
});

describe("the code cache", () => {
  it("is filled by the first run of a command and private", async () => {
    await devc(["validate"]);
    const files = codeFiles();
    expect(files.some((name) => name.endsWith("-start.cjs-validate"))).toBe(true);
    expect(statSync(codeFolder()).mode & 0o777).toBe(0o700);
    for (const name of files) expect(statSync(path.join(codeFolder(), name)).mode & 0o777).toBe(0o600);
    const before = files.map((name) => statSync(path.join(codeFolder(), name)).ino);
    await devc(["validate"]);
    expect(codeFiles().map((name) => statSync(path.join(codeFolder(), name)).ino)).toEqual(before);
  });

  it("holds nothing of wrong command lines", async () => {
    expect((await devc(["valdate"])).status).toBe(64);
    expect(codeFiles()).toEqual([]);
  });

  it("may be damaged or cut short: devc runs and mends it", async () => {
    const first = await devc(["validate"]);
    for (const damage of [
      (bytes: Buffer) => bytes.fill(0x5a, bytes.length >> 1),
      (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1),
      () => Buffer.alloc(0),
    ]) {
      const files = codeFiles().map((name) => path.join(codeFolder(), name));
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) writeFileSync(file, damage(readFileSync(file)));
      const inodes = files.map((file) => statSync(file).ino);
      expect(await devc(["validate"])).toEqual(first);
      const mended = files.find((file) => file.endsWith("-start.cjs-validate"));
      const at = files.indexOf(mended as string);
      expect(statSync(mended as string).ino).not.toBe(inodes[at]);
    }
  });

  it("is not read from a folder that others can write to", async () => {
    await devc(["validate"]);
    chmodSync(codeFolder(), 0o777);
    const [file] = codeFiles().map((name) => path.join(codeFolder(), name));
    rmSync(file as string);
    expect((await devc(["validate"])).status).toBe(0);
    expect(codeFiles()).not.toContain(path.basename(file as string));
  });

  it("may be impossible: devc runs without", async () => {
    writeFileSync(path.join(home, "cache"), "a file where the folder should be");
    expect((await devc(["validate"])).status).toBe(0);
  });

  it("bears several that start at once", async () => {
    const runs = await Promise.all([1, 2, 3, 4].map(() => devc(["validate"])));
    expect(new Set(runs.map(({ status, stdout }) => `${status} ${stdout}`)).size).toBe(1);
    expect(codeFiles().filter((name) => /\.\d+$/.test(name))).toEqual([]);
  });
});
