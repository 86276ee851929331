import * as fs from "node:fs";
import { dirname, join } from "node:path";

import { describe, expect, it } from "vitest";

import { contextFixture } from "./context-fixture.ts";

const DOCKERFILE = "ARG BASE=debian:12\nFROM ${BASE} AS one\nCOPY . /src\nFROM node:22 AS two\n";
const FILES = {
  Dockerfile: DOCKERFILE,
  ".dockerignore": "ignored\n*.log\n",
  "src/a": "1",
  "src/b": "2",
  "ignored/c": "3",
};

describe("the description of a build", () => {
  it("is complete", () => {
    using fixture = contextFixture(FILES);
    const { build, issues, warnings } = fixture.describe({
      context: ".",
      target: "one",
      args: { A: "1", B: "2" },
      cacheFrom: "cache:1",
      options: [
        "--network=none",
        "--add-host",
        "db:10.0.0.1",
        "--add-host=six=[fd00::1]",
        "--label",
        "a=b=c",
        "--label=bare",
        "--build-arg",
        "B=3",
        "--platform=linux/amd64",
        "--cache-from",
        "type=registry,ref=cache:2",
        "--pull",
        "--secret",
        "id=file,src=src/a",
        "--secret=id=NAME",
        "--secret=id=v,env=VALUE",
        "--progress",
        "plain",
        "--rm",
      ],
    });
    expect({ issues, warnings }).toEqual({
      issues: [
        {
          code: "build-option",
          message: "--secret NAME has no file",
          path: ["build", "options", 15],
          expected: expect.any(String),
        },
      ],
      warnings: [
        {
          code: "build-option-ignored",
          message: "build option --pull has no effect: base images are pulled when they are absent",
        },
      ],
    });
    expect(build).toBeUndefined();
    const sound = fixture.build({
      target: "one",
      args: { A: "1", B: "2" },
      cacheFrom: "cache:1",
      options: [
        "--network=none",
        "--add-host",
        "db:10.0.0.1",
        "--add-host=six=[fd00::1]",
        "--label",
        "a=b=c",
        "--label=bare",
        "--build-arg",
        "B=3",
        "--platform=linux/amd64",
        "--cache-from",
        "type=registry,ref=cache:2",
        "--secret",
        "id=file,src=src/a",
        "--secret=id=v,env=VALUE",
      ],
    });
    expect(sound).toEqual({
      context: fixture.root,
      dockerfile: { path: "Dockerfile" },
      args: { A: "1", B: "3" },
      target: "one",
      cacheFrom: ["cache:1", "cache:2"],
      secrets: { file: { file: join(fixture.root, "src/a") }, v: { env: "VALUE" } },
      network: "none",
      labels: { a: "b=c", bare: "" },
      extraHosts: { db: "10.0.0.1", six: "fd00::1" },
      platform: "linux/amd64",
      bases: ["debian:12"],
      inputs: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it("takes the Dockerfile's folder for the context, and a Dockerfile from outside of one", () => {
    using fixture = contextFixture({ "docker/File": "FROM a\n", "app/x": "" });
    const own = fixture.build({ dockerfile: "docker/File" });
    expect(own).toMatchObject({ context: join(fixture.root, "docker"), dockerfile: { path: "File" } });
    const other = fixture.build({ dockerfile: "docker/File", context: "app" });
    expect(other).toMatchObject({ context: join(fixture.root, "app"), dockerfile: { path: "../docker/File" } });
  });
});

describe("the inputs of a build", () => {
  /** Whether a change makes other inputs. */
  function changes(change: (fixture: ReturnType<typeof contextFixture>) => void): boolean {
    using fixture = contextFixture(FILES);
    const before = fixture.build().inputs;
    expect(fixture.build().inputs).toBe(before);
    change(fixture);
    return fixture.build().inputs !== before;
  }

  it.each<[string, Parameters<typeof changes>[0]]>([
    ["the content of a file", ({ write }) => write("src/a", "x")],
    ["a new file", ({ write }) => write("src/new", "")],
    ["a new empty folder", ({ root }) => fs.mkdirSync(join(root, "empty"))],
    ["a file that goes", ({ root }) => fs.rmSync(join(root, "src/b"))],
    ["a file that moves", ({ root }) => fs.renameSync(join(root, "src/b"), join(root, "src/c"))],
    ["a file that can be run now", ({ root }) => fs.chmodSync(join(root, "src/a"), 0o755)],
    ["the target of a link", ({ root }) => fs.symlinkSync("a", join(root, "src/l"))],
    ["the Dockerfile", ({ write }) => write("Dockerfile", `${DOCKERFILE}# more\n`)],
    ["rules that leave out more", ({ write }) => write(".dockerignore", "ignored\nsrc/b\n")],
    ["rules that leave out less", ({ write }) => write(".dockerignore", "")],
  ])("are others with %s", (_title, change) => expect(changes(change)).toBe(true));

  it.each<[string, Parameters<typeof changes>[0]]>([
    ["what is ignored", ({ write }) => (write("ignored/c", "x"), write("x.log", ""), write("ignored/new/y", ""))],
    ["times", ({ root }) => fs.utimesSync(join(root, "src/a"), 1, 1)],
    ["what a umask decides", ({ root }) => fs.chmodSync(join(root, "src/a"), 0o664)],
    ["the same content written anew", ({ write, root }) => (fs.rmSync(join(root, "src/a")), write("src/a", "1"))],
  ])("are the same with other %s", (_title, change) => expect(changes(change)).toBe(false));

  it("are others with each choice that decides the result, and the same with other caches", () => {
    using fixture = contextFixture(FILES);
    const choices = [
      {},
      { target: "one" },
      { args: { BASE: "x" } },
      ...["--network=none", "--label=a=b", "--add-host=a:1", "--platform=linux/arm64", "--secret=id=x,env=Y"].map(
        (option) => ({ options: [option] }),
      ),
    ];
    expect(new Set(choices.map((choice) => fixture.build(choice).inputs)).size).toBe(choices.length);
    const cached = fixture.build({ cacheFrom: ["a"], options: ["--cache-from=b", "--no-cache", "--pull"] });
    expect(cached.inputs).toBe(fixture.build().inputs);
  });

  it("count an ignored Dockerfile once, by its text", () => {
    using fixture = contextFixture({ Dockerfile: "FROM a\n", ".dockerignore": "*" });
    const before = fixture.build().inputs;
    fixture.write(".dockerignore", "*\n# the same\n");
    expect(fixture.build().inputs).toBe(before);
    fixture.write("Dockerfile", "FROM b\n");
    expect(fixture.build().inputs).not.toBe(before);
  });
});

describe("a second look at a context", () => {
  it("reads no content, lists nothing that is ignored, and reads only what has changed", () => {
    using fixture = contextFixture(FILES);
    const before = fixture.build().inputs;
    expect(fixture.counted.read).toEqual(expect.arrayContaining(["src/a", "src/b"]));
    fixture.counted.clear();
    expect(fixture.build().inputs).toBe(before);
    expect(fixture.counted.read.toSorted()).toEqual([".dockerignore", "Dockerfile"]);
    expect(fixture.counted.listed.toSorted()).toEqual(["", "src"]);
    fixture.write("ignored/c", "changed");
    fixture.write("src/b", "changed");
    fixture.nextTick();
    fixture.counted.clear();
    expect(fixture.build().inputs).not.toBe(before);
    expect(fixture.counted.read.toSorted()).toEqual([".dockerignore", "Dockerfile", "src/b"]);
  });

  it("sees a file of the same size and time", () => {
    using fixture = contextFixture(FILES);
    const before = fixture.build().inputs;
    const path = join(fixture.root, "src/a");
    const { mtimeMs } = fs.statSync(path);
    fs.writeFileSync(path, "9");
    fs.utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
    expect(fixture.build().inputs).not.toBe(before);
  });

  it("does not trust a file that was changed in the moment it was read", () => {
    using fixture = contextFixture(FILES);
    fixture.write("src/a", "7");
    const { identify } = fixture.counted.files;
    // A clock that stands still: the file was changed in the tick in which the walk begins.
    const now = identify(join(fixture.root, "src/a"))!.ctimeNs;
    fixture.counted.files.identify = (path) => {
      const identity = identify(path);
      return identity && path.endsWith(".stamp") ? { ...identity, mtimeNs: now } : identity;
    };
    fixture.build();
    fixture.counted.clear();
    fixture.build();
    expect(fixture.counted.read).toContain("src/a");
    expect(fixture.counted.read).not.toContain("src/b");
  });

  it("does without a cache that is broken or cannot be written", () => {
    using fixture = contextFixture(FILES);
    const before = fixture.build().inputs;
    const folder = join(fixture.cacheDir, "contexts");
    const name = fs.readdirSync(folder).find((file) => file.endsWith(".json"));
    expect(fs.statSync(join(folder, name!)).mode & 0o777).toBe(0o600);
    fs.writeFileSync(join(folder, name!), '{"format":1,"fi');
    expect(fixture.build().inputs).toBe(before);
    fs.rmSync(fixture.cacheDir, { recursive: true });
    fs.writeFileSync(fixture.cacheDir, "");
    expect(fixture.build().inputs).toBe(before);
  });

  it("is quick over 500 MB, which were read once", { timeout: 120_000 }, () => {
    using fixture = contextFixture({ Dockerfile: "FROM a\n", ".dockerignore": "cache\n" });
    for (const path of ["data/big", "cache/other"]) {
      fixture.write(path, "");
      fs.truncateSync(join(fixture.root, path), 500 * 1024 ** 2);
    }
    fixture.nextTick();
    const before = fixture.build().inputs;
    fixture.counted.clear();
    expect(fixture.build().inputs).toBe(before);
    expect(fixture.counted.read.toSorted()).toEqual([".dockerignore", "Dockerfile"]);
  });
});

describe("a build that cannot be described", () => {
  /** Issues as `code path: message`. */
  function wrong(
    files: Record<string, string>,
    build: Parameters<ReturnType<typeof contextFixture>["describe"]>[0] = {},
  ) {
    using fixture = contextFixture(files);
    const { issues, build: described } = fixture.describe(build);
    expect(described).toBeUndefined();
    return issues.map(({ code, message, path = [] }) => {
      return `${code} ${path.join(".")}: ${message}`.replaceAll(dirname(fixture.root), "");
    });
  }

  it("says what is missing", () => {
    expect(wrong({})).toEqual(["dockerfile-unreadable build.dockerfile: the Dockerfile Dockerfile does not exist"]);
    expect(wrong({ Dockerfile: "FROM a\n" }, { context: "absent" })).toEqual([
      "context-unreadable build.context: the context absent does not exist",
    ]);
    expect(wrong({ "d/x": "" }, { dockerfile: "d", context: "d/x" })).toEqual([
      "dockerfile-unreadable build.dockerfile: the Dockerfile d is no file",
      "context-unreadable build.context: the context d/x is no folder",
    ]);
  });

  it("says what is wrong with the Dockerfile and the rules, and where", () => {
    expect(wrong({ Dockerfile: "FROM a\nFROB\n" })).toEqual([
      "dockerfile-instruction build: Dockerfile:2: unknown instruction FROB",
    ]);
    expect(wrong({ Dockerfile: "FROM a AS one\n" }, { target: "two" })).toEqual([
      "dockerfile-target build: Dockerfile:1: there is no stage 'two' in the file",
    ]);
    const [rules] = wrong({ Dockerfile: "FROM a\n", ".dockerignore": "a(b\n" });
    expect(rules).toMatch(
      /^dockerignore-invalid build.context: a pattern of \/project\/.dockerignore cannot be read: /,
    );
  });

  it.each([
    [["--ssh=default"], "--ssh is not carried out: devc hands no keys of this host to a build"],
    [["--network=host"], "--network host is not given to a build"],
    [["--privileged"], "'--privileged' is no option of a build that devc carries out"],
    [["stray"], "'stray' is no option of a build that devc carries out"],
    [["--target"], "--target needs a value"],
    [["--build-arg=X"], "--build-arg 'X' has no value"],
    [["--label", "devc.workspace=x"], "--label 'devc.workspace' cannot be a label"],
    [["--add-host=x"], "--add-host 'x' is no host"],
    [["--cache-from=type=gha"], "--cache-from 'type=gha' is no image"],
    [["--secret=id=x,src=a,mode=1"], "--secret has no member 'mode'"],
    [["--push"], "--push is not carried out: devc decides what becomes of the image"],
  ])("names the option it does not carry out: %j", (options, message) => {
    expect(wrong({ Dockerfile: "FROM a\n" }, { options })).toEqual([`build-option build.options.0: ${message}`]);
  });

  it("gives a build no file from outside the project", () => {
    expect(wrong({ Dockerfile: "FROM a\n" }, { options: ["--secret=id=x,src=/etc/passwd"] })).toEqual([
      "path-outside build.options: the file of secret x leads to /etc/passwd, outside /project",
    ]);
    expect(wrong({ Dockerfile: "FROM a\n" }, { options: ["--secret=id=x,src=gone"] })).toEqual([
      "secret-not-found build.options: the file of secret x, /project/gone, does not exist",
    ]);
  });
});
