import { expect, test } from "vitest";

import { compile } from "../../../src/model/compile.ts";
import type { EngineCapacity } from "../../../src/model/compile.ts";
import type { DesiredSandbox, Notice } from "../../../src/model/desired.ts";
import type { DevcontainerConfig, MetadataEntry } from "../../../src/model/devcontainer/config.ts";
import type { ManifestProject } from "../../../src/model/manifest.ts";
import type { ContainerSpec } from "../../../src/model/spec.ts";
import { devcontainerProject, imageFacts, located, surroundings } from "../../support/devcontainer.ts";

type Given = {
  profile?: string;
  image?: MetadataEntry[];
  project?: Partial<ManifestProject>;
  engine?: Partial<EngineCapacity>;
};

/** What a file gets, and what it asked for in vain. */
function granted(
  raw: DevcontainerConfig,
  { profile = "moderate", image, project, engine }: Given = {},
): {
  spec: ContainerSpec;
  notices: Notice[];
  refused: [what: string, hint: string | undefined][];
} {
  const { resources, notices } = compile(
    { workspace: "acme", root: "/srv/acme", projects: [devcontainerProject(located(raw), profile, project)] },
    { cpus: 64, memory: 2 ** 40, gpu: false, ...engine },
    surroundings({ images: { debian: imageFacts(image) } }),
  );
  const { spec } = resources.find(({ kind }) => kind === "sandbox") as DesiredSandbox;
  const refused = notices
    .filter(({ code }) => code === "not-granted")
    .map(({ message, hint }): [string, string | undefined] => {
      return [message.replace(`asked, not granted by profile ${profile}: `, ""), hint];
    });
  return { spec, notices, refused };
}

const NEVER = "no line of devc.yaml grants this: ";

/** What goes beyond the profile moderate, how it is named, and what would grant it. */
const BEYOND: [raw: DevcontainerConfig, what: string, hint: unknown][] = [
  [{ privileged: true }, "privileged (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--privileged"] }, "privileged (web.json:2)", expect.stringContaining(NEVER)],
  [
    { capAdd: ["SYS_PTRACE"] },
    "capability SYS_PTRACE (web.json:2)",
    "projects.web.capabilities: { add: [SYS_PTRACE] }",
  ],
  [
    { capAdd: ["cap_net_admin"] },
    "capability NET_ADMIN (web.json:2)",
    "projects.web.capabilities: { add: [NET_ADMIN] }",
  ],
  [
    { capAdd: ["SYS_ADMIN"] },
    "capability SYS_ADMIN (web.json:2)",
    expect.stringMatching(/^SYS_ADMIN is never granted: /),
  ],
  [{ capAdd: ["ALL"] }, "capability ALL (web.json:2)", expect.stringMatching(/^ALL is never granted: /)],
  [
    { securityOpt: ["seccomp=unconfined"] },
    "security option seccomp=unconfined (web.json:2)",
    expect.stringContaining(NEVER),
  ],
  [
    { runArgs: ["--security-opt", "apparmor=unconfined"] },
    "security option apparmor=unconfined (web.json:2)",
    expect.stringContaining(NEVER),
  ],
  [{ runArgs: ["--network=host"] }, "network host (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--net", "container:db"] }, "network container:db (web.json:2)", expect.stringContaining(NEVER)],
  [
    { runArgs: ["--network", "bridge"] },
    "network bridge (web.json:2)",
    "projects.web.profile: one with network: { mode: open }",
  ],
  [{ runArgs: ["--pid=host"] }, "--pid host (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--ipc", "host"] }, "--ipc host (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--uts=host"] }, "--uts host (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--userns=host"] }, "--userns host (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--cgroupns=host"] }, "--cgroupns host (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--cgroup-parent", "/x"] }, "--cgroup-parent /x (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--device=/dev/kvm"] }, "--device /dev/kvm (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--volumes-from", "db"] }, "--volumes-from db (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--sysctl", "net.a=1"] }, "--sysctl net.a=1 (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--use-api-socket"] }, "--use-api-socket (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--ulimit", "rtprio=99"] }, "ulimit rtprio (web.json:2)", expect.stringContaining(NEVER)],
  [{ runArgs: ["--runtime", "runc"] }, "runtime runc (web.json:2)", "projects.web.runtime: runc"],
  [{ runArgs: ["-m", "16g"] }, "memory 16GiB (web.json:2)", "projects.web.resources: { memory: 16GiB }"],
  [{ runArgs: ["--cpus", "4.5"] }, "cpus 4.5 (web.json:2)", "projects.web.resources: { cpus: 4.5 }"],
  [
    { runArgs: ["--pids-limit", "-1"] },
    "pids without a limit (web.json:2)",
    "projects.web.profile: one without the limit",
  ],
  [
    { mounts: ["type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock"] },
    "host path /var/run/docker.sock (web.json:2)",
    `${NEVER}it leads to the container engine`,
  ],
  [
    { mounts: [{ type: "bind", source: "/data/sets", target: "/sets", readonly: true }] },
    "host path /data/sets (web.json:2)",
    'projects.web.mounts: ["/data/sets:/sets:ro"]',
  ],
  [
    { runArgs: ["-v", "../../other:/other"] },
    "host path /srv/other (web.json:2)",
    'projects.web.mounts: ["/srv/other:/other"]',
  ],
  [
    { workspaceMount: "type=bind,source=/srv,target=/box", workspaceFolder: "/box" },
    "host path /srv (web.json:2)",
    'projects.web.mounts: ["/srv:/box"]',
  ],
  [
    { mounts: ["type=volume,source=v,target=/v,volume-opt=device=/"] },
    "volume-opt=device=/ of the mount at /v (web.json:2)",
    expect.stringContaining(NEVER),
  ],
];

test.each(BEYOND)("%j is not granted and changes nothing", (raw, what, hint) => {
  const { spec, refused } = granted(raw);
  expect(refused).toEqual([[what, hint]]);
  const without = granted({}).spec;
  expect({ ...spec, mounts: undefined, workdir: undefined }).toEqual({
    ...without,
    mounts: undefined,
    workdir: undefined,
  });
  const own = Object.keys(without.mounts ?? {});
  expect(own).toEqual(expect.arrayContaining(Object.keys(spec.mounts ?? {})));
});

test("what an image asks for is measured in the same way", () => {
  const image: MetadataEntry[] = [{ privileged: true, capAdd: ["SYS_PTRACE", "KILL"], securityOpt: ["label=disable"] }];
  const { refused } = granted({}, { image });
  expect(refused.map(([what]) => what)).toEqual([
    "privileged (image metadata)",
    "capability SYS_PTRACE (image metadata)",
    "security option label=disable (image metadata)",
  ]);
});

test("the manifest's lines grant it: then nothing is refused", () => {
  const raw: DevcontainerConfig = {
    capAdd: ["SYS_PTRACE"],
    mounts: ["type=bind,source=/data,target=/data"],
    runArgs: ["-m", "16g", "--network", "bridge"],
  };
  expect(granted(raw).refused).toHaveLength(4);
  const { spec, refused } = granted(raw, {
    profile: "permissive",
    project: { mounts: { "/data": { type: "bind", source: "/data", readOnly: true } } },
  });
  expect(refused).toEqual([]);
  expect(spec.capabilities?.add).toHaveProperty("SYS_PTRACE");
  expect(spec.mounts?.["/data"]).toEqual({ type: "bind", source: "/data", readOnly: true });
  expect(spec.resources).toEqual({ memory: 16 * 1024 ** 3 });
});

test.each<[string, string[], Partial<ContainerSpec>]>([
  ["no network", ["--network", "none"], { network: { mode: "none" } }],
  ["less memory", ["-m", "1g"], { resources: { memory: 1024 ** 3 } }],
  ["no new privileges", ["--security-opt", "no-new-privileges:true"], { noNewPrivileges: true }],
  ["another sandboxing runtime", ["--runtime", "kata-qemu"], { runtime: "kata-qemu" }],
])("%s is granted, because it only tightens", (_title, runArgs, expected) => {
  const { spec, refused } = granted({ runArgs }, { profile: "permissive" });
  expect(spec).toMatchObject(expected);
  expect(refused).toEqual([]);
});

test("dropped capabilities are gone, and adding wins over dropping", () => {
  const names = (...runArgs: string[]) => Object.keys(granted({ runArgs }).spec.capabilities?.add ?? {});
  expect(names("--cap-drop=ALL")).toEqual([]);
  expect(names("--cap-drop=ALL", "--cap-add=KILL")).toEqual(["KILL"]);
  const all = names();
  expect(names("--cap-drop=CAP_CHOWN")).toEqual(all.filter((name) => name !== "CHOWN"));
  expect(granted({ runArgs: ["--cap-drop=ALL"] }).spec.capabilities).toEqual({ drop: { ALL: true } });
});

test("a profile without new privileges stays so", () => {
  const { spec, refused } = granted({ securityOpt: ["no-new-privileges:false"] }, { profile: "strict" });
  expect(spec.noNewPrivileges).toBe(true);
  expect(refused).toEqual([["no-new-privileges:false (web.json:2)", expect.stringContaining(NEVER)]]);
});

test("a folder is measured by where it really is", () => {
  const raw: DevcontainerConfig = { mounts: ["type=bind,source=${localWorkspaceFolder}/link,target=/link"] };
  const project = devcontainerProject(located(raw));
  const { notices } = compile(
    { workspace: "acme", root: "/srv/acme", projects: [project] },
    undefined,
    surroundings({ hostPath: (path) => ({ real: path.endsWith("/link") ? "/etc" : path, kind: "directory" }) }),
  );
  expect(notices.find(({ code }) => code === "not-granted")?.hint).toBe('projects.web.mounts: ["/etc:/link"]');
});

test("mounts that spread are given without spreading", () => {
  const { spec, refused } = granted({ mounts: ["type=bind,source=/srv/acme/x,target=/x,bind-propagation=rshared"] });
  expect(spec.mounts?.["/x"]).toEqual({ type: "bind", source: "/srv/acme/x" });
  expect(refused.map(([what]) => what)).toEqual(["bind-propagation=rshared of the mount at /x (web.json:2)"]);
});

test("GPUs go to profiles that give them, on engines that have some", () => {
  const asked: DevcontainerConfig = { hostRequirements: { gpu: true } };
  const optional: DevcontainerConfig = { hostRequirements: { gpu: "optional" } };
  const codes = (raw: DevcontainerConfig, given: Given) => {
    const { spec, notices } = granted(raw, given);
    return [spec.gpus, ...notices.map(({ code }) => code).filter((code) => code !== "closed-network")];
  };
  expect(codes(asked, { engine: { gpu: true } })).toEqual(["all"]);
  expect(codes({ runArgs: ["--gpus", "all"] }, { engine: { gpu: true } })).toEqual(["all"]);
  expect(codes(asked, {})).toEqual([undefined, "requirements-not-met"]);
  expect(codes(optional, {})).toEqual([undefined]);
  expect(codes(asked, { engine: { gpu: true }, profile: "strict" })).toEqual([undefined, "not-granted"]);
  expect(codes({ runArgs: ["--gpus", "device=0"] }, { engine: { gpu: true } })).toEqual([undefined, "run-arg-refused"]);
});
