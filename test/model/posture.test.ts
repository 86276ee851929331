import { expect, test } from "vitest";

import { needsApproval, securityDelta } from "../../src/model/posture.ts";
import type { ContainerSpec } from "../../src/model/spec.ts";

const BASE: ContainerSpec = {
  image: "debian",
  network: { mode: "none" },
  user: "dev",
  capabilities: { drop: { ALL: true }, add: { CHOWN: true } },
  resources: { memory: 1000, nanoCpus: 1000, pids: 100 },
  mounts: { "/data": { type: "bind", source: "/srv", readOnly: true } },
};

/** What loosens when it is laid over the base; going back tightens. */
const LOOSENINGS: [title: string, change: Partial<ContainerSpec>, path: string, approval: boolean][] = [
  ["a network", { network: { mode: "bridge", networks: { n: {} } } }, "/network", true],
  [
    "a capability",
    { capabilities: { drop: { ALL: true }, add: { CHOWN: true, KILL: true } } },
    "/capabilities/add/KILL",
    true,
  ],
  ["not dropping", { capabilities: { add: { CHOWN: true } } }, "/capabilities/drop/ALL", true],
  ["a raised limit", { resources: { memory: 2000, nanoCpus: 1000, pids: 100 } }, "/resources/memory", false],
  ["a lifted limit", { resources: { memory: 1000, nanoCpus: 1000 } }, "/resources/pids", true],
  ["a writable host folder", { mounts: { "/data": { type: "bind", source: "/srv" } } }, "/mounts/~1data", true],
  ["the user root", { user: "0:0" }, "/user", true],
  ["GPUs", { gpus: "all" }, "/gpus", true],
  ["a value of the host", { env: { TOKEN: `hosts:${"ab".repeat(16)}` } }, "/env/TOKEN", true],
  ["a group", { groups: { "a/b": true } }, "/groups/a~1b", true],
];

test.each(LOOSENINGS)("%s loosens, and taking it back tightens", (_title, change, path, approval) => {
  const after = { ...BASE, ...change };
  const [there, back] = [securityDelta(BASE, after), securityDelta(after, BASE)];
  expect(there).toMatchObject([{ direction: "loosens", path }]);
  expect(back).toMatchObject([{ direction: "tightens", path }]);
  expect([needsApproval(there), needsApproval(back)]).toEqual([approval, false]);
});

test("gaining privileges again loosens", () => {
  const [there] = securityDelta({ ...BASE, noNewPrivileges: true }, BASE);
  expect(there).toMatchObject({ direction: "loosens", path: "/noNewPrivileges" });
});

test("writing the root file system again loosens", () => {
  const [there] = securityDelta({ ...BASE, readOnlyRoot: true }, BASE);
  expect(there).toMatchObject({ direction: "loosens", path: "/readOnlyRoot" });
});

test("a variable of one's own, and another value behind a variable of the host, loosen nothing", () => {
  const held = (value: string): ContainerSpec => ({ ...BASE, env: { TOKEN: value } });
  expect(securityDelta(BASE, held("written"))).toEqual([]);
  expect(securityDelta(held(`hosts:${"ab".repeat(16)}`), held(`hosts:${"cd".repeat(16)}`))).toEqual([]);
});

test("what cannot be ordered counts as loosening, both ways", () => {
  const other: ContainerSpec = {
    ...BASE,
    runtime: "runsc",
    mounts: { "/data": { type: "bind", source: "/etc", readOnly: true } },
  };
  for (const delta of [securityDelta(BASE, other), securityDelta(other, BASE)]) {
    expect(delta.map(({ direction }) => direction)).toEqual(["loosens", "loosens"]);
  }
});

test("equal specs and changes that touch no posture have no delta", () => {
  expect(securityDelta(BASE, structuredClone(BASE))).toEqual([]);
  expect(
    securityDelta(BASE, {
      ...BASE,
      image: "alpine",
      env: { A: "1" },
      init: true,
      shmSize: 1,
      labels: { a: "b" },
      stopSignal: "SIGQUIT",
      mounts: { ...BASE.mounts, "/v": { type: "volume", source: "v" } },
    }),
  ).toEqual([]);
});
