import { mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";

import { describe, expect, test } from "vitest";

import type { LoadOptions } from "../../../src/drivers/files/load.ts";
import { nodeFiles } from "../../../src/drivers/files/node-files.ts";
import { DEFAULT_HOOK_TIMEOUT_MS } from "../../../src/model/devcontainer/located.ts";
import { failure, line, load, tree } from "./load-fixture.ts";

const IMAGE = `{ "image": "debian" }`;

const manifest = (entry: string, more = "") =>
  `version: 1\nworkspace: acme\n${more}projects:\n  web: { path: web${entry} }\n`;

const CUSTOM = (devc: object) => JSON.stringify({ image: "debian", customizations: { devc } });

async function web(path: string, options: Partial<LoadOptions> = {}) {
  const { manifest: loaded } = await load(path, options);
  const found = loaded.projects.find(({ name }) => name === "web");
  if (!found) throw new Error("the test's workspace has a project called web");
  return found;
}

describe("which devcontainer.json a project uses", () => {
  test("of both well-known places the folder's counts, and its path is the way as it is written", async () => {
    using files = tree({
      "devc.yaml": manifest(""),
      "web/.devcontainer/devcontainer.json": `{ "image": "first" }`,
      "web/.devcontainer.json": `{ "image": "second" }`,
      "web/.devcontainer/python/devcontainer.json": `{ "image": "third" }`,
    });
    const { devcontainer, image, folder } = await web(files.at(""));
    expect(devcontainer).toMatchObject({
      configPath: files.at("web/.devcontainer/devcontainer.json"),
      display: "web/.devcontainer/devcontainer.json",
      folder: files.at("web"),
      raw: { image: "first" },
      boundary: files.at(""),
      hookTimeoutMs: DEFAULT_HOOK_TIMEOUT_MS,
      notGranted: [],
      warnings: [],
    });
    expect([image, folder]).toEqual(["", undefined]);
    rmSync(files.at("web/.devcontainer/devcontainer.json"));
    expect((await web(files.at(""))).devcontainer?.configPath).toBe(files.at("web/.devcontainer.json"));
  });

  test("one is chosen by name", async () => {
    using files = tree({
      "devc.yaml": manifest(", devcontainer: python"),
      "web/.devcontainer/devcontainer.json": IMAGE,
      "web/.devcontainer/python/devcontainer.json": `{ "image": "python" }`,
    });
    expect((await web(files.at(""))).devcontainer).toMatchObject({
      configPath: files.at("web/.devcontainer/python/devcontainer.json"),
      raw: { image: "python" },
    });
  });

  test("an image of the entry makes the file unused, one of defaults only counts where there is no file", async () => {
    using files = tree({
      "devc.yaml": manifest("", "defaults: { image: alpine }\n"),
      "web/.devcontainer.json": IMAGE,
    });
    expect((await web(files.at(""))).devcontainer?.config.image).toBe("debian");
    files.write("devc.yaml", manifest(", image: mine", "defaults: { image: alpine }\n"));
    expect(await web(files.at(""))).toMatchObject({ image: "mine", folder: { source: files.at("web") } });
    files.write("devc.yaml", manifest("", "defaults: { image: alpine }\n"));
    rmSync(files.at("web/.devcontainer.json"));
    const project = await web(files.at(""));
    expect([project.image, project.devcontainer]).toEqual(["alpine", undefined]);
  });

  test("a personal file's defaults do not take away the image an entry names", async () => {
    using files = tree({
      "devc.yaml": manifest(", image: mine"),
      "devc.local.yaml": "defaults: { image: theirs }\n",
      "web/.devcontainer.json": IMAGE,
    });
    const project = await web(files.at(""));
    expect([project.image, project.devcontainer]).toEqual(["theirs", undefined]);
  });

  test("a project of a file has what its entry says beside it", async () => {
    using files = tree({
      "devc.yaml": manifest(
        `, env: { A: "1" }, user: dev, volumes: { cache: /cache }, hookTimeout: 90s, state: stopped`,
      ),
      "web/.devcontainer.json": IMAGE,
    });
    expect(await web(files.at(""))).toMatchObject({
      env: { A: "1" },
      user: "dev",
      state: "stopped",
      mounts: { "/cache": { type: "volume", source: "cache" } },
      devcontainer: { hookTimeoutMs: 90_000 },
    });
  });

  test("members keep the order of the file, in which hooks and labels are written", async () => {
    const text = `{ "remoteUser": "z", "image": "debian", "containerEnv": { "B": "1", "A": "2" } }`;
    using files = tree({ "devc.yaml": manifest(""), "web/.devcontainer.json": text });
    const { devcontainer } = await web(files.at(""));
    expect(JSON.stringify(devcontainer?.raw)).toBe(JSON.stringify(JSON.parse(text)));
  });
});

describe("links", () => {
  test("a devcontainer.json may come from elsewhere in the workspace", async () => {
    using files = tree({ "devc.yaml": manifest(""), "shared/devcontainer.json": IMAGE, "web/README": "" });
    mkdirSync(files.at("web/.devcontainer"));
    symlinkSync("../../shared/devcontainer.json", files.at("web/.devcontainer/devcontainer.json"));
    const { devcontainer } = await web(files.at(""));
    expect(devcontainer?.configPath).toBe(files.at("web/.devcontainer/devcontainer.json"));
  });

  test.each([
    ["the file", "web/.devcontainer.json", "web/.devcontainer.json"],
    ["its folder", "web/.devcontainer", "web/.devcontainer/devcontainer.json"],
  ])("one that leaves the workspace is refused: %s", async (_title, link, shown) => {
    using outside = tree({ "devcontainer.json": IMAGE });
    using files = tree({ "devc.yaml": manifest(""), "web/README": "" });
    symlinkSync(outside.at(link.endsWith("json") ? "devcontainer.json" : "."), files.at(link));
    expect((await failure(load(files.at("")))).issues.map(line)).toEqual([`symlink-outside ${shown}:1:1`]);
  });

  test("a file above a mebibyte is refused as a manifest is", async () => {
    using files = tree({ "devc.yaml": manifest(""), "web/.devcontainer.json": `{}//${"x".repeat(1024 * 1024)}` });
    expect((await failure(load(files.at("")))).issues.map(line)).toEqual(["too-large web/.devcontainer.json:1:1"]);
  });
});

describe("what only the host tells", () => {
  test("variables of the host are put in at every load and stay out of what is written", async () => {
    const text = `{\n  "image": "debian:\${localEnv:TAG:12}",\n  "containerEnv": { "HERE": "\${localWorkspaceFolder}", "IN": "\${containerWorkspaceFolder}" }\n}`;
    using files = tree({ "devc.yaml": manifest(""), "web/.devcontainer.json": text });
    const cacheDir = files.at("cache");
    const options = { fs: nodeFiles, cacheDir };
    const first = (await web(files.at(""), options)).devcontainer;
    const second = (await web(files.at(""), { ...options, env: { TAG: "13" } })).devcontainer;
    expect(first?.config).toEqual({
      image: "debian:12",
      containerEnv: { HERE: files.at("web"), IN: "${containerWorkspaceFolder}" },
    });
    expect([second?.config.image, second?.raw.image]).toEqual(["debian:13", "debian:${localEnv:TAG:12}"]);
    expect(first?.places).toMatchObject({
      image: "web/.devcontainer.json:2",
      "containerEnv.HERE": "web/.devcontainer.json:3",
    });
  });

  test("a variable that is not set is empty, and said to be", async () => {
    const text = `{\n  "image": "debian",\n  "containerEnv": { "A": "\${localEnv:GONE}", "B": "\${localEnv:GONE:}", "C": "\${env:SET}" }\n}`;
    using files = tree({ "devc.yaml": manifest(""), "web/.devcontainer.json": text });
    const { devcontainer } = await web(files.at(""), { env: { SET: "" } });
    expect(devcontainer?.config.containerEnv).toEqual({ A: "", B: "", C: "" });
    expect(devcontainer?.warnings).toEqual([
      {
        code: "unset-variable",
        message: "web/.devcontainer.json:3: containerEnv.A is made of GONE, which is not set here and counts as empty",
      },
    ]);
  });

  test("messages name the file from where the person stands, also when it comes from the cache", async () => {
    using files = tree({
      "devc.yaml": manifest(""),
      "web/.devcontainer.json": `{\n  "image": "debian",\n  "remoteUsr": "dev"\n}`,
    });
    const options = { fs: nodeFiles, cacheDir: files.at("cache") };
    const messages = async (cwd: string) => {
      return (await web(files.at(cwd), { ...options, file: files.at("devc.yaml") })).devcontainer?.warnings;
    };
    expect((await messages("."))?.[0]?.message).toMatch(/^web\/\.devcontainer\.json:3: unknown key 'remoteUsr'/);
    expect((await messages("web"))?.[0]?.message).toMatch(/^\.devcontainer\.json:3: unknown key 'remoteUsr'/);
  });

  test("the repository's root is found, and the folder's owner", async () => {
    using files = tree({
      ".git/HEAD": "ref: refs/heads/main\n",
      "a/devc.yaml": manifest(""),
      "a/web/.devcontainer.json": IMAGE,
    });
    const { devcontainer } = await web(files.at("a"));
    expect(devcontainer).toMatchObject({
      gitRoot: files.at("."),
      boundary: files.at("a"),
      owner: { uid: process.getuid?.(), gid: process.getgid?.() },
    });
  });

  test.each<[string, Record<string, string>, boolean]>([
    ["a file that leads to a worktree", { ".git": "gitdir: /somewhere\n" }, true],
    ["a file with something else", { ".git": "hello\n" }, false],
    ["a folder without a HEAD", { ".git/config": "" }, false],
  ])("%s is a root or not, as git sees it", async (_title, git, isRoot) => {
    using files = tree({ "devc.yaml": manifest(""), "web/.devcontainer.json": IMAGE, ...git });
    expect((await web(files.at(""))).devcontainer?.gitRoot).toBe(isRoot ? files.at(".") : undefined);
  });

  test("a home folder under version control is no repository of a project", async () => {
    using files = tree({ ".git/HEAD": "", "devc.yaml": manifest(""), "web/.devcontainer.json": IMAGE });
    const home = files.at(".");
    expect((await web(files.at(""), { home })).devcontainer?.gitRoot).toBeUndefined();
    expect((await web(files.at(""))).devcontainer?.gitRoot).toBe(home);
  });
});

describe("the cache", () => {
  test.each<[string, (files: ReturnType<typeof tree>) => void]>([
    ["a changed file", ({ write }) => write("web/.devcontainer.json", `{ "image": "alpine" }`)],
    [
      "a file that comes before it",
      ({ write }) => write("web/.devcontainer/devcontainer.json", `{ "image": "alpine" }`),
    ],
    ["a file that is gone", ({ at }) => rmSync(at("web/.devcontainer.json"))],
  ])("sees %s", async (_title, change) => {
    using files = tree({
      "devc.yaml": manifest("", "defaults: { image: busybox }\n"),
      "web/.devcontainer.json": IMAGE,
    });
    const options = { fs: nodeFiles, cacheDir: files.at("cache") };
    const before = await web(files.at("."), options);
    expect(await web(files.at("."), options)).toEqual(before);
    change(files);
    const after = await web(files.at("."), options);
    expect(after.devcontainer?.raw.image ?? after.image).not.toBe("debian");
  });

  test("sees files appear that must be chosen by name", async () => {
    using files = tree({ "devc.yaml": manifest("", "defaults: { image: busybox }\n"), "web/README": "" });
    const options = { fs: nodeFiles, cacheDir: files.at("cache") };
    expect((await web(files.at("."), options)).image).toBe("busybox");
    files.write("web/.devcontainer/go/devcontainer.json", IMAGE);
    const error = await failure(load(files.at("."), options));
    expect(error.issues.map(line)).toEqual(["devcontainer-not-chosen devc.yaml:5:16"]);
  });

  test("holds no value of the environment", async () => {
    using files = tree({
      "devc.yaml": manifest(""),
      "web/.devcontainer.json": `{ "image": "debian", "containerEnv": { "T": "\${localEnv:TOKEN}" } }`,
    });
    await web(files.at("."), { fs: nodeFiles, cacheDir: files.at("cache"), env: { TOKEN: "hunter2" } });
    const [entry] = readdirSync(files.at("cache/manifests"));
    const text = Buffer.from(nodeFiles.read(files.at(`cache/manifests/${entry}`), 1e6)).toString();
    expect(text).toContain("${localEnv:TOKEN}");
    expect(text).not.toContain("hunter2");
  });
});

describe("customizations.devc", () => {
  const custom = async (devc: object, entry = "", more = "") => {
    using files = tree({ "devc.yaml": manifest(entry, more), "web/.devcontainer.json": CUSTOM(devc) });
    const { projects } = (await load(files.at("."))).manifest;
    return projects[0]!;
  };

  test("a stricter profile and lower limits are given", async () => {
    const project = await custom({ profile: "strict", resources: { memory: "1GiB", pids: 100 } });
    expect(project).toMatchObject({
      profile: "strict",
      posture: {
        network: "none",
        capabilities: [],
        noNewPrivileges: true,
        resources: { nanoCpus: 2e9, memory: 1024 ** 3, pids: 100 },
      },
      devcontainer: { notGranted: [] },
    });
  });

  test("a stricter profile takes nothing back that the entry tightened, and gives nothing the entry added", async () => {
    const { posture } = await custom(
      { profile: "strict" },
      `, capabilities: { add: [SYS_PTRACE] }, resources: { pids: 50, memory: 6GiB }`,
    );
    expect(posture).toMatchObject({ capabilities: [], resources: { pids: 50, memory: 4 * 1024 ** 3 } });
  });

  test("what is wider than the manifest is not given, with the line that would", async () => {
    const project = await custom({
      profile: "permissive",
      network: { mode: "open" },
      resources: { cpus: 64, memory: "16GiB", pids: 100 },
    });
    expect(project).toMatchObject({
      profile: "moderate",
      posture: { network: "allowlist", resources: { nanoCpus: 4e9, memory: 8 * 1024 ** 3, pids: 100 } },
    });
    expect(project.devcontainer?.notGranted).toEqual([
      { what: "profile permissive", path: "customizations.devc.profile", hint: "projects.web.profile: permissive" },
      {
        what: "network open",
        path: "customizations.devc.network.mode",
        hint: "projects.web.profile: permissive, or one of your own with that",
      },
      {
        what: "memory 16GiB",
        path: "customizations.devc.resources.memory",
        hint: "projects.web.resources: { memory: 16GiB }",
      },
      { what: "cpus 64", path: "customizations.devc.resources.cpus", hint: "projects.web.resources: { cpus: 64 }" },
    ]);
  });

  test("a profile of the manifest that is wider in one dimension only is wider", async () => {
    const more = "profiles: { odd: { extends: strict, capabilities: { add: [NET_RAW] } } }\n";
    const project = await custom({ profile: "odd" }, "", more);
    expect([project.profile, project.devcontainer?.notGranted.length]).toEqual(["moderate", 1]);
  });

  test("the network can be closed", async () => {
    expect((await custom({ network: { mode: "none" } }, ", profile: permissive")).posture.network).toBe("none");
  });

  test("volumes are added where the entry has neither the name nor the target", async () => {
    const project = await custom(
      { volumes: { cache: "/file", state: "/state", other: "/entry" } },
      `, volumes: { cache: /cache }, mounts: [{ type: tmpfs, target: /entry }]`,
    );
    expect(project.volumes).toEqual(["cache", "state"]);
    expect(project.mounts).toEqual({
      "/cache": { source: "cache", type: "volume" },
      "/entry": { type: "tmpfs" },
      "/state": { source: "state", type: "volume" },
    });
  });

  test("the entry's limit on hooks counts before the file's", async () => {
    expect((await custom({ hookTimeout: "10m" })).devcontainer?.hookTimeoutMs).toBe(600_000);
    expect((await custom({ hookTimeout: "10m" }, ", hookTimeout: 5")).devcontainer?.hookTimeoutMs).toBe(5000);
  });

  test("origins name the file for what it decided", async () => {
    using files = tree({
      "devc.yaml": manifest(`, resources: { pids: 300 }`),
      "web/.devcontainer.json": `{\n  "image": "debian",\n  "customizations": { "devc": {\n    "profile": "strict",\n    "resources": { "memory": "1GiB", "pids": 400 },\n    "volumes": { "cache": "/c" }\n  } }\n}`,
    });
    const { origins } = await load(files.at("."));
    expect((await origins())["web"]).toEqual({
      path: "devc.yaml:4",
      profile: "web/.devcontainer.json:4",
      "resources.memory": "web/.devcontainer.json:5",
      "resources.pids": "devc.yaml:4",
      "volumes.cache": "web/.devcontainer.json:6",
    });
  });
});
