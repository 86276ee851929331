import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { nodeFiles } from "../../../src/drivers/files/node-files.ts";
import { exitCodeOf } from "../../../src/model/errors.ts";
import { failure, line, load, temporaryFolder } from "./load-fixture.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures/manifest/", import.meta.url));

test("a nearer file wins over a farther one, an entry over defaults, and the personal file over all", async () => {
  const { manifest, files, root } = await load(`${fixtures}layers`);
  const [docs, web] = manifest.projects;
  expect(manifest.workspace).toBe("layers");
  expect(files.map((file) => file.slice(root.length + 1))).toEqual([
    "devc.yaml",
    "shared/team.yaml",
    "shared/base.yaml",
    "devc.local.yaml",
  ]);
  expect(web?.env).toEqual({
    A: "main-defaults",
    B: "main-defaults",
    C: "main-project",
    D: "local-defaults",
    E: "local-project",
    X: "base-defaults",
    Y: "team-project",
    Z: "team-defaults",
  });
  expect(web).toMatchObject({ user: "team-defaults", runtime: "base-defaults", state: "running", profile: "team" });
  expect(web?.posture.resources).toEqual({ memory: 3 * 1024 ** 3, nanoCpus: 1e9, pids: 200 });
  expect(web?.posture.capabilities).toEqual(["SYS_PTRACE"]);
  expect(Object.keys(web?.mounts ?? {})).toEqual(["/main-project"]);
  expect(docs?.folder).toEqual({ source: join(root, "shared"), target: "/workspaces/shared" });
  expect(web?.folder?.source).toBe(join(root, "web"));
});

test("origins name the file and line every value was written at", async () => {
  const { origins } = await load(`${fixtures}layers`);
  const { web } = await origins();
  expect(web).toMatchObject({
    image: "devc.yaml:5",
    "env.X": "shared/base.yaml:6",
    "env.Y": "shared/team.yaml:12",
    "env.E": "devc.local.yaml:5",
    "resources.memory": "devc.yaml:7",
    "resources.pids": "devc.yaml:11",
    "capabilities.SYS_PTRACE": "devc.yaml:16",
    profile: "shared/team.yaml:3",
  });
});

test("a workspace without projects is legal", async () => {
  const { manifest } = await load(`${fixtures}empty-workspace`);
  expect(manifest.projects).toEqual([]);
});

test("the manifest is found in the nearest folder above and named by the way there", async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, "a/b"), { recursive: true });
  writeFileSync(join(folder.path, "devc.yml"), "version: 3\n");
  const error = await failure(load(join(folder.path, "a/b")));
  expect(error.issues.map(line)).toContain("invalid-value ../../devc.yml:1:10");
  expect(error.subject).toBe(join(folder.path, "devc.yml"));
});

test("messages name a file as the person named it", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "other.yaml"), "version: 3\n");
  const error = await failure(load("/", { file: join(folder.path, "other.yaml") }));
  expect(error.issues[0]?.position?.file).toBe(join(folder.path, "other.yaml"));
});

test("no manifest anywhere is an error that says what to do", async () => {
  using folder = temporaryFolder();
  for (const loading of [
    load(folder.path),
    load(folder.path, { file: "gone.yaml" }),
    load(folder.path, { file: "a/b.yaml" }),
  ]) {
    const error = await failure(loading);
    expect([error.code, exitCodeOf(error.code), error.hint?.includes("-f")]).toEqual(["manifest-not-found", 64, true]);
  }
});

test("two spellings of the manifest in one folder are an error", async () => {
  using folder = temporaryFolder();
  for (const name of ["devc.yaml", "devc.yml"]) writeFileSync(join(folder.path, name), "{}");
  const error = await failure(load(folder.path));
  expect(error.issues.map(line)).toEqual(["ambiguous-file devc.yml:1:1"]);
});

test("a workspace reached through a symbolic link has the real folder as its root", async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, "real"));
  writeFileSync(join(folder.path, "real/devc.yaml"), "version: 1\nworkspace: acme\nprojects: {}\n");
  symlinkSync("real", join(folder.path, "link"));
  const [real, linked] = await Promise.all([load(join(folder.path, "real")), load(join(folder.path, "link"))]);
  expect(linked.root).toBe(join(folder.path, "real"));
  expect([linked.path, linked.sha256]).toEqual([real.path, real.sha256]);
});

test("a file that two files extend counts once, at its lowest place", async () => {
  using folder = temporaryFolder();
  const write = (name: string, text: string) => writeFileSync(join(folder.path, name), text);
  write("devc.yaml", "version: 1\nworkspace: acme\nextends: [b.yaml, c.yaml]\nprojects: { web: { image: debian } }\n");
  write("b.yaml", "extends: [base.yaml]\ndefaults: { user: b }\n");
  write("c.yaml", "extends: [base.yaml]\ndefaults: { runtime: c }\n");
  write("base.yaml", "defaults: { user: base, runtime: base, state: stopped }\n");
  const { manifest } = await load(folder.path);
  expect(manifest.projects[0]).toMatchObject({ user: "b", runtime: "c", state: "stopped" });
});

test("the hash covers every file that takes part", async () => {
  using folder = temporaryFolder();
  const write = (name: string, text: string) => writeFileSync(join(folder.path, name), text);
  write("devc.yaml", "version: 1\nworkspace: acme\nextends: [team.yaml]\nprojects: {}\n");
  write("team.yaml", "{}\n");
  const hashes = [(await load(folder.path)).sha256];
  write("team.yaml", "{} # changed\n");
  hashes.push((await load(folder.path)).sha256);
  write("devc.local.yaml", "{}\n");
  hashes.push((await load(folder.path)).sha256);
  expect(new Set(hashes).size).toBe(3);
});

/** A workspace with a cache, and the number of times it was parsed. */
function cachedWorkspace(path: string) {
  const reads: string[] = [];
  const write = (name: string, text: string) => writeFileSync(join(path, name), text);
  const fs = {
    ...nodeFiles,
    writePrivate(file: string, text: string) {
      reads.push(file);
      nodeFiles.writePrivate(file, text);
    },
  };
  write(
    "devc.yaml",
    "version: 1\nworkspace: acme\nextends: [team.yaml]\nprojects:\n  web: { image: debian, path: web }\n",
  );
  write("team.yaml", "defaults: { state: stopped }\n");
  mkdirSync(join(path, "web"));
  const cacheDir = join(path, "cache");
  const again = (version = "1", home = "/home/nobody-here") => load(path, { fs, cacheDir, version, home });
  const entry = () => join(cacheDir, "manifests", readdirSync(join(cacheDir, "manifests"))[0] as string);
  return { write, again, entry, parses: () => reads.length, cacheDir };
}

test("a second load takes the same result from the cache, and origins still work", async () => {
  using folder = temporaryFolder();
  const { again, parses } = cachedWorkspace(folder.path);
  const [first, second] = [await again(), await again()];
  expect(parses()).toBe(1);
  expect(second.manifest).toEqual(first.manifest);
  expect([second.sha256, second.files]).toEqual([first.sha256, first.files]);
  expect(await second.origins()).toEqual(await first.origins());
});

test("the cache is private", async () => {
  using folder = temporaryFolder();
  const { again, entry, cacheDir } = cachedWorkspace(folder.path);
  await again();
  const modes = [cacheDir, join(cacheDir, "manifests"), entry()].map((path) => statSync(path).mode & 0o777);
  expect(modes).toEqual([0o700, 0o700, 0o600]);
  expect(readdirSync(join(cacheDir, "manifests"))).toHaveLength(1);
});

/** What makes an entry stale. */
const CHANGES: [title: string, change: (at: ReturnType<typeof cachedWorkspace>, path: string) => void][] = [
  ["the manifest", ({ write }) => write("devc.yaml", "version: 1\nworkspace: acme\nprojects: {}\n")],
  ["an extended file", ({ write }) => write("team.yaml", "defaults: { state: running }\n")],
  ["a personal file that appears", ({ write }) => write("devc.local.yaml", "projects: { web: { state: running } }\n")],
  [
    "a personal file in the other spelling",
    ({ write }) => write("devc.local.yml", "projects: { web: { state: running } }\n"),
  ],
];

test.each(CHANGES)("a change of %s is seen at once", async (_title, change) => {
  using folder = temporaryFolder();
  const workspace = cachedWorkspace(folder.path);
  const before = await workspace.again();
  change(workspace, folder.path);
  const after = await workspace.again();
  expect(after.manifest).not.toEqual(before.manifest);
  expect(after.manifest).toEqual((await load(folder.path)).manifest);
});

test("another version of devc and another home folder do not use the entry", async () => {
  using folder = temporaryFolder();
  const { again, parses } = cachedWorkspace(folder.path);
  await again("1");
  await again("2");
  await again("2", "/home/somebody-else");
  expect(parses()).toBe(3);
});

test("a damaged entry is a miss and is written anew", async () => {
  using folder = temporaryFolder();
  const { again, entry } = cachedWorkspace(folder.path);
  const { manifest } = await again();
  const path = entry();
  const whole = readFileSync(path, "utf8");
  for (const damaged of [
    "",
    "{}",
    whole.slice(0, -1),
    whole.replace("debian", "alpine"),
    whole.replace(/^./, "x"),
    "\0".repeat(100),
  ]) {
    writeFileSync(path, damaged);
    expect((await again()).manifest).toEqual(manifest);
    expect(readFileSync(path, "utf8")).toBe(whole);
  }
  rmSync(path);
  mkdirSync(path);
  expect((await again()).manifest).toEqual(manifest);
});

test("a manifest with problems leaves no entry", async () => {
  using folder = temporaryFolder();
  const { again, write, cacheDir } = cachedWorkspace(folder.path);
  write("team.yaml", "defaults: { state: gone }\n");
  await failure(again());
  expect(nodeFiles.lstat(cacheDir)).toBeUndefined();
});

test("host paths are looked up at every load, also when the manifest comes from the cache", async () => {
  using folder = temporaryFolder();
  const { again, parses } = cachedWorkspace(folder.path);
  await again();
  renameSync(join(folder.path, "web"), join(folder.path, "moved"));
  const missing = await failure(again());
  expect(missing.issues).toMatchObject([
    {
      code: "path-missing",
      position: { file: "devc.yaml", line: 5, column: 31, source: "  web: { image: debian, path: web }" },
    },
  ]);

  symlinkSync("moved", join(folder.path, "web"));
  const { manifest } = await again();
  expect(manifest.projects[0]?.folder).toEqual({ source: join(folder.path, "moved"), target: "/workspaces/web" });

  rmSync(join(folder.path, "web"));
  symlinkSync("/", join(folder.path, "web"));
  expect((await failure(again())).issues.map(line)).toEqual(["path-outside devc.yaml:5:31"]);
  expect(parses()).toBe(1);
});

test("a load from the cache needs neither the YAML parser nor the schema", async () => {
  using folder = temporaryFolder();
  const { again } = cachedWorkspace(folder.path);
  await again();
  const { build } = await import("esbuild");
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL("../../../src/drivers/files/load.ts", import.meta.url))],
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    write: false,
    metafile: true,
    outdir: folder.path,
  });
  const { outputs } = bundle.metafile;
  const chunks = Object.keys(outputs).filter((name) => outputs[name]?.entryPoint?.endsWith("files/load.ts"));
  for (const name of chunks) {
    const loaded =
      outputs[name]?.imports.filter(({ kind, external }) => kind === "import-statement" && !external) ?? [];
    chunks.push(...loaded.map((each) => each.path).filter((each) => !chunks.includes(each)));
  }
  const inputs = chunks.flatMap((name) => Object.keys(outputs[name]?.inputs ?? {}));
  expect(inputs).toContain("src/drivers/files/host-paths.ts");
  expect(inputs.filter((input) => /node_modules|manifest-schema|parse-yaml/.test(input))).toEqual([]);
});
