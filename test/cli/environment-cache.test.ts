import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { environmentCache } from "../../src/cli/environment-cache.ts";
import { nodeFiles } from "../../src/drivers/files/node-files.ts";

let cacheDir: string;

beforeEach(() => {
  cacheDir = mkdtempSync(path.join(tmpdir(), "devc-environments-"));
});

afterEach(() => rmSync(cacheDir, { recursive: true }));

const cache = () => environmentCache({ fs: nodeFiles, cacheDir });

it("keeps what belongs to a key in a private file, between runs", () => {
  expect(cache().get("one")).toBeUndefined();
  cache().set("one", { env: { A: "1" } });
  expect(cache().get("one")).toEqual({ env: { A: "1" } });
  expect(cache().get("two")).toBeUndefined();
  const folder = path.join(cacheDir, "environments");
  const [file] = readdirSync(folder);
  expect((statSync(path.join(folder, file ?? "")).mode & 0o777).toString(8)).toBe("600");
});

it("takes no more than 256 files, however many sandboxes come and go", () => {
  for (let at = 0; at < 600; at++) cache().set(`sandbox ${at}`, { at });
  expect(readdirSync(path.join(cacheDir, "environments")).length).toBeLessThanOrEqual(256);
  expect(cache().get("sandbox 599")).toEqual({ at: 599 });
});

it("counts a damaged file as empty, and one that cannot be written costs nothing but time", () => {
  cache().set("one", { at: 1 });
  const [file] = readdirSync(path.join(cacheDir, "environments"));
  writeFileSync(path.join(cacheDir, "environments", file ?? ""), '{"key": "one"');
  expect(cache().get("one")).toBeUndefined();
  rmSync(path.join(cacheDir, "environments"), { recursive: true });
  writeFileSync(path.join(cacheDir, "environments"), "in the way");
  cache().set("one", { at: 2 });
  expect(cache().get("one")).toBeUndefined();
});
