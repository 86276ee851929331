import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { parseEndpoint } from "../../../src/drivers/engine/endpoint.ts";
import { createProfileCache } from "../../../src/drivers/engine/profile-cache.ts";
import type { Profile } from "../../../src/drivers/engine/profile.ts";

const FACTS = {
  id: "i",
  name: "docker",
  version: "1",
  apiVersion: "1.41",
  cpus: 2,
  memory: 1,
  os: "linux",
  architecture: "x",
  gpu: false,
};
const PROFILE: Profile = { kind: "docker", facts: FACTS, defaultRuntime: "runc" };
const MINUTE = 60_000;

let folder: string;
let now = 0;
const cacheOf = (url: string) => createProfileCache(parseEndpoint(url, "x"), join(folder, "cache"), () => now);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "devc-profile-"));
  now = 1_000_000;
});
afterEach(() => rm(folder, { recursive: true }));

/** A file stands for the socket: only its identity is looked at. */
async function socket(): Promise<string> {
  const path = join(folder, "engine.sock");
  await rm(path, { force: true });
  await writeFile(path, "");
  return `unix://${path}`;
}

describe("the kept profile of an engine", () => {
  it("is given back, to nobody else readable, and dropped on request", async () => {
    const cache = cacheOf(await socket());
    expect(cache.read()).toBeUndefined();
    cache.write(PROFILE);
    expect(cache.read()).toEqual(PROFILE);
    const names = await readdir(join(folder, "cache", "engines"));
    expect(names).toHaveLength(1);
    expect((await stat(join(folder, "cache", "engines", names[0] as string))).mode & 0o777).toBe(0o600);
    cache.drop();
    expect(cache.read()).toBeUndefined();
    cache.drop();
  });

  it("is of one endpoint only", async () => {
    cacheOf("tcp://a:1").write(PROFILE);
    expect(cacheOf("tcp://b:1").read()).toBeUndefined();
  });

  it("does not outlive its socket", async () => {
    const url = await socket();
    cacheOf(url).write(PROFILE);
    await socket();
    expect(cacheOf(url).read()).toBeUndefined();
    await rm(join(folder, "engine.sock"));
    expect(cacheOf(url).read()).toBeUndefined();
  });

  it.each([
    ["a remote engine ten minutes", "tcp://far:1", 10 * MINUTE],
    ["a local socket a day", undefined, 24 * 60 * MINUTE],
  ])("lasts for %s", async (_title, url, age) => {
    const cache = cacheOf(url ?? (await socket()));
    cache.write(PROFILE);
    now += age - 1;
    expect(cache.read()).toEqual(PROFILE);
    now += 1;
    expect(cache.read()).toBeUndefined();
    now -= 2 * age;
    expect(cache.read()).toBeUndefined();
  });

  it.each(["", "{", "null", "[]", '{"format":1}', '{"format":2,"profile":{"facts":{"apiVersion":"1.41"}}}'])(
    "counts as not kept when its file holds '%s'",
    async (content) => {
      const cache = cacheOf("tcp://far:1");
      cache.write(PROFILE);
      const [name] = await readdir(join(folder, "cache", "engines"));
      const path = join(folder, "cache", "engines", name as string);
      expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ profile: PROFILE });
      await writeFile(path, content);
      expect(cache.read()).toBeUndefined();
    },
  );

  it("is not kept where nothing can be written", async () => {
    await writeFile(join(folder, "cache"), "a file where the folder should be");
    const cache = cacheOf("tcp://far:1");
    cache.write(PROFILE);
    expect(cache.read()).toBeUndefined();
    cache.drop();
  });
});
