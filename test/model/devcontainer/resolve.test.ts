import { expect, test } from "vitest";

import type { DesiredSandbox } from "../../../src/model/desired.ts";
import type { DevcontainerConfig, MetadataEntry } from "../../../src/model/devcontainer/config.ts";
import { sorted } from "../../../src/model/json.ts";
import type { ManifestProject } from "../../../src/model/manifest.ts";
import { compiled, imageFacts, placeholder, sandbox } from "../../support/devcontainer.ts";
import type { Given } from "../../support/devcontainer.ts";

const spec = (raw: DevcontainerConfig, given: Given = {}) => sandbox(raw, given).spec;

test("the least devcontainer.json is a sandbox with its folder, its labels and a way in", () => {
  const { devcontainer, ...rest } = sandbox({}, { profile: "strict" });
  expect(rest).toEqual({
    kind: "sandbox",
    address: "sandbox/web",
    project: "web",
    name: "devc-acme-web",
    spec: {
      capabilities: { drop: { ALL: true } },
      command: ["-c", expect.stringContaining("sleep")],
      entrypoint: ["/bin/sh"],
      hostname: "web",
      image: "debian",
      mounts: { "/workspaces/web": { type: "bind", source: "/srv/acme/web" } },
      network: { mode: "none" },
      noNewPrivileges: true,
      resources: { memory: 4 * 1024 ** 3, nanoCpus: 2e9, pids: 512 },
      workdir: "/workspaces/web",
    },
    state: "running",
    protect: false,
  });
  expect(devcontainer).toEqual({
    labels: {
      "devcontainer.local_folder": "/srv/acme/web",
      "devcontainer.config_file": "/srv/acme/web/.devcontainer/devcontainer.json",
      "devcontainer.metadata": "[]",
    },
    remote: { workdir: "/workspaces/web", env: {}, userEnvProbe: "loginInteractiveShell" },
  });
});

test("everything a file may say stands in the spec, in canonical order", () => {
  const made = spec(
    {
      containerEnv: { A: "1" },
      containerUser: "dev",
      init: true,
      mounts: ["source=cache,target=/cache,type=volume", { type: "tmpfs", target: "/scratch" }],
      runArgs: [
        ..."--hostname box -e B=2 -w /box -m 1g --cpus 1.5 --pids-limit 100 --shm-size 64m --ulimit nofile=1:2".split(
          " ",
        ),
        ..."--add-host db:10.0.0.1 --group-add audio -l team=a --stop-signal SIGQUIT --read-only".split(" "),
        ..."--tmpfs /t:size=1m --mount type=bind,src=/srv/acme/x,dst=/x,ro -v /srv/acme/y:/y --runtime runsc".split(
          " ",
        ),
        ..."--security-opt no-new-privileges --cap-drop CHOWN".split(" "),
      ],
    },
    { profile: "permissive" },
  );
  expect(made).toMatchObject({
    env: { A: "1", B: "2" },
    extraHosts: { db: "10.0.0.1" },
    groups: { audio: true },
    hostname: "box",
    init: true,
    labels: { team: "a" },
    mounts: {
      "/cache": { type: "volume", source: "devc-acme-web.cache" },
      "/scratch": { type: "tmpfs" },
      "/t": { type: "tmpfs", size: 1024 ** 2 },
      "/workspaces/web": { type: "bind", source: "/srv/acme/web" },
      "/x": { type: "bind", source: "/srv/acme/x", readOnly: true },
      "/y": { type: "bind", source: "/srv/acme/y" },
    },
    network: { mode: "bridge", networks: { "devc-acme-web": {} } },
    noNewPrivileges: true,
    readOnlyRoot: true,
    resources: { memory: 1024 ** 3, nanoCpus: 1.5e9, pids: 100 },
    runtime: "runsc",
    shmSize: 64 * 1024 ** 2,
    stopSignal: "SIGQUIT",
    ulimits: { nofile: { soft: 1, hard: 2 } },
    user: "dev",
    workdir: "/box",
  });
  expect(made.capabilities?.add).not.toHaveProperty("CHOWN");
  expect(made.capabilities?.add).toHaveProperty("KILL");
  expect(sorted(made)).toBe(made);
});

test("volumes of the file are the project's own, whatever their names", () => {
  const { resources } = compiled({
    mounts: [
      "source=cache,target=/a",
      "source=My_Cache,target=/b",
      "source=${localWorkspaceFolderBasename}-${devcontainerId},target=/c",
      "target=/workspaces/web/node_modules,type=volume",
    ],
  });
  const volumes = resources.filter(({ kind }) => kind === "volume").map(({ address }) => address);
  expect(volumes).toEqual([
    "volume/web/cache",
    expect.stringMatching(/^volume\/web\/my_cache-[0-9a-f]{8}$/),
    expect.stringMatching(/^volume\/web\/web-[0-9a-v]{20,}-[0-9a-f]{8}$/),
    expect.stringMatching(/^volume\/web\/workspaces-web-node_modules-[0-9a-f]{8}$/),
  ]);
});

test("the manifest's entry wins over the file", () => {
  const project: Partial<ManifestProject> = {
    env: { A: "manifest" },
    user: "root",
    runtime: "runsc",
    volumes: ["data"],
    mounts: { "/data": { type: "volume", source: "data" } },
  };
  const raw: DevcontainerConfig = {
    containerEnv: { A: "file", B: "file" },
    containerUser: "dev",
    remoteUser: "dev",
    runArgs: ["--runtime", "kata", "-v", "/data:/data"],
  };
  const { resources, notices } = compiled(raw, { project });
  const made = resources.find(({ kind }) => kind === "sandbox") as DesiredSandbox;
  expect(made.spec).toMatchObject({ env: { A: "manifest", B: "file" }, user: "root", runtime: "runsc" });
  expect(made.spec.mounts?.["/data"]).toEqual({ type: "volume", source: "devc-acme-web.data" });
  expect(made.devcontainer?.remote).not.toHaveProperty("user");
  expect(notices).toEqual([]);
});

test("metadata of the image comes first, and its variables are put in", () => {
  const image: MetadataEntry[] = [
    {
      remoteUser: "dev",
      containerEnv: { A: "image", W: "${containerWorkspaceFolder}" },
      onCreateCommand: "echo image",
    },
    { mounts: [{ type: "volume", source: "m", target: "/m" }], capAdd: ["KILL"] },
  ];
  const made = sandbox({ containerEnv: { A: "file" }, onCreateCommand: ["echo", "file"] }, { image });
  expect(made.spec.env).toEqual({ A: "file", W: "/workspaces/web" });
  expect(made.spec.mounts).toHaveProperty("/m");
  expect(made.devcontainer?.remote.user).toBe("dev");
  expect(made.devcontainer?.hooks).toEqual({
    phases: {
      onCreate: [
        { command: "echo image", source: "image" },
        { command: ["echo", "file"], source: "devcontainer.json" },
      ],
    },
    remote: made.devcontainer?.remote,
    timeoutMs: 3_600_000,
    waitFor: "updateContent",
  });
  expect(JSON.parse(made.devcontainer?.labels["devcontainer.metadata"] ?? "")).toEqual([
    ...image,
    { containerEnv: { A: "file" }, onCreateCommand: ["echo", "file"] },
  ]);
});

test("values of the host's environment never stand in what is made of them", () => {
  const raw: DevcontainerConfig = {
    containerEnv: { A: "<${localEnv:TOKEN}>", PLAIN: "x" },
    remoteEnv: { PATH: "${localEnv:TOKEN}:${containerEnv:PATH}", NONE: null },
    postCreateCommand: { login: ["login", "${localEnv:TOKEN}"] },
    runArgs: ["-e", "B=${localEnv:TOKEN}", "--env", "TOKEN", "--env", "UNSET", "-l", "token=${localEnv:TOKEN}"],
  };
  const { resources, hostValues, notices } = compiled(raw, { image: [{ containerEnv: { C: "${localEnv:TOKEN}" } }] });
  const made = resources.find(({ kind }) => kind === "sandbox") as DesiredSandbox;
  const [whole, token] = [placeholder("<s3cret>"), placeholder("s3cret")];
  expect(made.spec.env).toEqual({ A: whole, B: token, C: token, PLAIN: "x", TOKEN: token });
  expect(made.spec).not.toHaveProperty("labels");
  expect(made.devcontainer?.remote.env).toEqual({ PATH: `${token}:\${containerEnv:PATH}`, NONE: "null" });
  expect(made.devcontainer?.hooks?.phases.postCreate?.[0]?.command).toEqual({ login: ["login", token] });
  expect(hostValues).toEqual({ [whole]: "<s3cret>", [token]: "s3cret" });
  expect(JSON.stringify({ resources, notices })).not.toContain("s3cret");
  expect(notices.map(({ code }) => code)).toEqual(["run-arg-refused"]);
});

test("messages about runArgs show what is written in place of values of the host", () => {
  const { notices } = compiled({ runArgs: ["--device", "/dev/${localEnv:TOKEN}"] });
  expect(notices[0]?.message).toContain("--device /dev/${localEnv:TOKEN}");
  for (const runArgs of [["${localEnv:TOKEN}"], ["--shm-size", "${localEnv:TOKEN}"]]) {
    expect(() => compiled({ runArgs })).toThrow("${localEnv:TOKEN}");
    expect(() => compiled({ runArgs })).not.toThrow("s3cret");
  }
});

test("hooks are empty without a command, and each phase has its own", () => {
  const raw: DevcontainerConfig = {
    onCreateCommand: "",
    updateContentCommand: [],
    postCreateCommand: {},
    postStartCommand: "start",
    postAttachCommand: "attach",
    waitFor: "initializeCommand",
  };
  const { hooks } = sandbox(raw, { located: { hookTimeoutMs: 5000 } }).devcontainer ?? {};
  expect(hooks).toMatchObject({ timeoutMs: 5000, waitFor: "initialize" });
  expect(Object.keys(hooks?.phases ?? {})).toEqual(["postStart", "postAttach"]);
  expect(sandbox({ postCreateCommand: " " }).devcontainer).not.toHaveProperty("hooks");
});

test("without overrideCommand's word the sandbox stays up by itself; with false the image's command runs in its own folder", () => {
  expect(spec({}).entrypoint).toEqual(["/bin/sh"]);
  const own = spec({ overrideCommand: false });
  expect(Object.keys(own)).not.toEqual(expect.arrayContaining(["command"]));
  expect(own).not.toHaveProperty("entrypoint");
  expect(own).not.toHaveProperty("workdir");
});

test("what Features start comes before the sandbox's command, or the image's", () => {
  const facts = imageFacts([{ entrypoint: "/one.sh ${localEnv:TOKEN}${devcontainerId}" }, { entrypoint: "/two.sh" }], {
    entrypoint: ["/init"],
    command: ["serve", "a b"],
  });
  const [, script = ""] = spec({}, { surroundings: { images: { debian: facts } } }).command ?? [];
  expect(script).toMatch(/^trap 'exit 0' TERM INT\n\/one\.sh [0-9a-v]{52}\n\/two\.sh\ntrap .*sleep/);
  const own = spec({ overrideCommand: false }, { surroundings: { images: { debian: facts } } });
  expect(own.command?.[1]).toContain('\n/two.sh\nexec "$@"\n');
  expect(own.command?.slice(2)).toEqual(["-", "/init", "serve", "a b"]);
});

test("without its image a sandbox is awaited, with what the file alone says", () => {
  for (const images of [{}, { debian: null }]) {
    const { resources, notices } = compiled({ containerUser: "dev", privileged: true }, { surroundings: { images } });
    expect(resources.find(({ kind }) => kind === "image")).toEqual({
      kind: "image",
      address: "image/web",
      project: "web",
      reference: "debian",
    });
    expect(resources.find(({ kind }) => kind === "sandbox")).toMatchObject({
      awaitsImage: true,
      spec: { user: "dev" },
    });
    expect(notices.map(({ code }) => code)).toEqual(["not-granted"]);
  }
  expect(sandbox({})).not.toHaveProperty("awaitsImage");
});

test("a Dockerfile's image is built under a name of the project's, and awaited until it is as the file says", () => {
  const build = {
    dockerfile: { path: "Dockerfile" },
    context: "/srv/acme/web",
    args: {},
    cacheFrom: [],
    secrets: {},
    labels: {},
    extraHosts: {},
    bases: ["debian"],
    inputs: "i1",
  };
  const raw: DevcontainerConfig = { build: { dockerfile: "Dockerfile" } };
  const withImage = (labels: Record<string, string> | undefined) => {
    const images = labels === undefined ? {} : { "devc-acme-web:built": imageFacts([], { labels }) };
    const { resources } = compiled(raw, { located: { build }, surroundings: { images } });
    expect(resources.find(({ kind }) => kind === "image")).toMatchObject({ reference: "devc-acme-web:built", build });
    return resources.find(({ kind }) => kind === "sandbox") as DesiredSandbox;
  };
  const metadata = { "devcontainer.metadata": JSON.stringify({ remoteUser: "dev" }) };
  expect(withImage(undefined)).toHaveProperty("awaitsImage");
  expect(withImage({ "devc.build.inputs": "i0", ...metadata })).toMatchObject({ awaitsImage: true });
  const ready = withImage({ "devc.build.inputs": "i1", ...metadata });
  expect(ready).not.toHaveProperty("awaitsImage");
  expect([ready.spec.image, ready.devcontainer?.remote.user]).toEqual(["devc-acme-web:built", "dev"]);
});

test("the sandbox's user gets the IDs of the folder's owner, in a layer of its own", () => {
  const owner = { uid: 1234, gid: 2345 };
  const raw: DevcontainerConfig = { remoteUser: "dev" };
  const waiting = compiled(raw, { located: { owner } });
  const layer = waiting.resources.find(({ address }) => address === "image/web/uid");
  expect(layer).toMatchObject({ reference: "devc-acme-web:uid", build: { network: "none", classic: true, bases: [] } });
  expect(waiting.resources.find(({ kind }) => kind === "sandbox")).toMatchObject({
    awaitsImage: true,
    spec: { image: "devc-acme-web:uid" },
  });
  const inputs = layer && "build" in layer ? layer.build?.inputs : undefined;
  const images = {
    debian: imageFacts(),
    "devc-acme-web:uid": imageFacts([], { labels: { "devc.build.inputs": inputs ?? "" } }),
  };
  expect(sandbox(raw, { located: { owner }, surroundings: { images } })).not.toHaveProperty("awaitsImage");
});

test.each<[string, DevcontainerConfig, Given]>([
  ["root is the user", { remoteUser: "root" }, {}],
  ["nobody says who the user is", {}, {}],
  ["the user is a number", { remoteUser: "1000" }, {}],
  ["the manifest's user is a number", { remoteUser: "dev" }, { project: { user: "1000:1000" } }],
  ["the file forbids it", { remoteUser: "dev", updateRemoteUserUID: false }, {}],
  ["the image forbids it", { remoteUser: "dev" }, { image: [{ updateRemoteUserUID: false }] }],
  ["root owns the folder", { remoteUser: "dev" }, { located: { owner: { uid: 0, gid: 0 } } }],
  ["nobody knows the owner", { remoteUser: "dev" }, { located: {} }],
])("no IDs change when %s", (_title, raw, given) => {
  const owner = { uid: 1234, gid: 2345 };
  const { resources } = compiled(raw, { located: { owner }, ...given });
  expect(resources.map(({ address }) => address)).not.toContain("image/web/uid");
});

test("the image's user, or runArgs', is adapted when no other is named", () => {
  const owner = { uid: 1234, gid: 2345 };
  const text = (raw: DevcontainerConfig, user: string) => {
    const images = { debian: imageFacts([], { user }) };
    const { resources } = compiled(raw, { located: { owner }, surroundings: { images } });
    const layer = resources.find(({ address }) => address === "image/web/uid");
    return layer && "build" in layer ? JSON.stringify(layer.build?.dockerfile) : "";
  };
  expect(text({}, "node:node")).toContain("'node'");
  expect(text({ runArgs: ["-u", "app"] }, "node")).toContain("'app'");
  expect(text({ remoteUser: "dev" }, "node\nRUN evil")).toBe("");
});
