import fc from "fast-check";
import { expect, test } from "vitest";

import { hashMatches, hashOf, hashOfPlain } from "../../src/model/hash.ts";
import { canonicalJson } from "../../src/model/json.ts";
import type { ContainerSpec } from "../../src/model/spec.ts";

const FULL: ContainerSpec = {
  image: "debian:bookworm-slim",
  entrypoint: ["/bin/sh"],
  command: ["-c", "sleep 1"],
  env: { A: "1", B: "two" },
  user: "1000:1000",
  workdir: "/workspaces/web",
  hostname: "web",
  mounts: {
    "/workspaces/web": { type: "bind", source: "/srv/web" },
    "/cache": { type: "volume", source: "devc-acme-web.cache", readOnly: true },
    "/scratch": { type: "tmpfs", size: 1024 },
  },
  network: { mode: "bridge", networks: { "devc-acme-web": { aliases: ["web"] } } },
  capabilities: { drop: { ALL: true }, add: { CHOWN: true } },
  noNewPrivileges: true,
  runtime: "runsc",
  resources: { memory: 1024 ** 3, nanoCpus: 1e9, pids: 512 },
};

/** Written once and never changed: these labels are on containers that exist. */
const GOLDEN_V1: [title: string, spec: ContainerSpec, core: string, live: string][] = [
  [
    "the least spec",
    { image: "debian", network: { mode: "none" } },
    "v1:c4c2f931a43d3585a258424eac5d47b937f9e98088f2fc1b9693102ab71b2036",
    "v1:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
  ],
  [
    "every field",
    FULL,
    "v1:9272a9eb51e69743b7e42e976525ea9ffca8379ec43cbd2af2a65461535c146d",
    "v1:ff268c3fb57203a3b29a07478c5bb8f60fa23adf86efa97f80caeda11f32bfe8",
  ],
];

test.each(GOLDEN_V1)("version 1 of the hashes never changes: %s", (_title, spec, core, live) => {
  expect([hashOf("core", spec), hashOf("live", spec)]).toEqual([core, live]);
  expect([hashMatches("core", core, spec), hashMatches("live", live, spec)]).toEqual([true, true]);
});

test("version 1 of a volume's and a network's hash never changes", () => {
  expect(hashOfPlain({ driver: "local" })).toBe("v1:776546409bd6be09bb562b90ca5d9410f0d3ca6682237c8da176e1020b338604");
  expect(hashOfPlain({ driver: "bridge" })).toBe("v1:071ec506d38b016e1d5a9f8beff142b88dfb27ff1c08014c1ca5ff9f97289d3b");
});

test("a hash does not depend on the order of keys", () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat()), (numbers) => {
      const shuffled = shuffle(FULL, () => numbers.next().value as number) as ContainerSpec;
      expect([hashOf("core", shuffled), hashOf("live", shuffled)]).toEqual([
        hashOf("core", FULL),
        hashOf("live", FULL),
      ]);
    }),
  );
});

/** The same value with the members of every map in another order. */
function shuffle(value: unknown, random: () => number): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const members = Object.entries(value).map(([key, member]) => ({
    key,
    member: shuffle(member, random),
    rank: random(),
  }));
  return Object.fromEntries(members.toSorted((a, b) => a.rank - b.rank).map(({ key, member }) => [key, member]));
}

/** Every place in a spec: changing it changes one hash and not the other. The image is compared by its ID instead. */
const PLACES: [pointer: string, part: "core" | "live" | "none"][] = [
  ["image", "none"],
  ["entrypoint", "core"],
  ["command", "core"],
  ["env.A", "core"],
  ["user", "core"],
  ["workdir", "core"],
  ["hostname", "core"],
  ["mounts./cache.source", "core"],
  ["mounts./cache.readOnly", "core"],
  ["mounts./scratch.size", "core"],
  ["network.mode", "core"],
  ["network.networks.devc-acme-web.aliases", "core"],
  ["capabilities.add.CHOWN", "core"],
  ["capabilities.drop.ALL", "core"],
  ["noNewPrivileges", "core"],
  ["runtime", "core"],
  ["resources.memory", "live"],
  ["resources.nanoCpus", "live"],
  ["resources.pids", "live"],
];

/** Members a devcontainer.json adds: a container without them keeps its hash. */
const ADDED: Partial<ContainerSpec> = {
  init: true,
  gpus: "all",
  shmSize: 1,
  ulimits: { nofile: { soft: 1, hard: 2 } },
  extraHosts: { db: "10.0.0.1" },
  groups: { audio: true },
  labels: { a: "b" },
  stopSignal: "SIGQUIT",
  readOnlyRoot: true,
};

test.each(Object.entries(ADDED))("the member %s changes the core hash only", (key, value) => {
  const changed = { ...FULL, [key]: value };
  expect([hashOf("core", changed) === hashOf("core", FULL), hashOf("live", changed)]).toEqual([
    false,
    hashOf("live", FULL),
  ]);
});

test.each(PLACES)("changing or removing %s changes only the hash of: %s", (pointer, part) => {
  const removed = fc.constant(undefined);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.nat(), fc.array(fc.string()), removed), (value) => {
      const changed = structuredClone(FULL);
      const steps = pointer.split(".");
      const owner = steps
        .slice(0, -1)
        .reduce<Record<string, unknown>>((at, step) => at[step] as Record<string, unknown>, changed);
      const key = steps.at(-1) as string;
      fc.pre(canonicalJson([owner[key]]) !== canonicalJson([value]));
      if (value === undefined) delete owner[key];
      else owner[key] = value;
      const differs = (["core", "live"] as const).filter((each) => hashOf(each, changed) !== hashOf(each, FULL));
      expect(differs).toEqual(part === "none" ? [] : [part]);
    }),
    { numRuns: 50 },
  );
});

test("a label of an unknown version, of another part or none at all never matches", () => {
  const core = hashOf("core", FULL);
  for (const label of [
    undefined,
    "",
    "v1",
    "v1:",
    core.slice(3),
    core.replace("v1", "v99"),
    core.replace("v1", "constructor"),
    hashOf("live", FULL),
  ]) {
    expect(hashMatches("core", label, FULL)).toBe(false);
  }
});
