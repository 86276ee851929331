import { describe, expect, it } from "vitest";

import type { LiveContainer } from "../../src/drivers/engine/engine.ts";
import { assess } from "../../src/reconcile/assess.ts";
import { containerOf, desiredOf, liveOf, sandboxOf } from "../support/workspace.ts";

const WORKSPACE = desiredOf({ web: { open: true, resources: { pids: 100 } } });
const DESIRED = sandboxOf(WORKSPACE, "web");
const AS_IT_IS = containerOf(DESIRED, { id: "id-web" });

const CONTAINERS: [string, Partial<LiveContainer>, string][] = [
  ["nothing differs", {}, "none"],
  ["it restarts", { state: "restarting" }, "none"],
  ["it was never started, so its network has no ID yet", { networks: { "devc-acme-web": { id: "" } } }, "none"],
  ["it is stopped", { state: "exited" }, "start"],
  ["it has another name", { name: "mine" }, "rename"],
  ["its image is another", { imageId: "sha256:old" }, "replace"],
  ["it is attached to another network too", { networks: { ...AS_IT_IS.networks, x: { id: "x" } } }, "connect"],
  ["it is attached to another network instead", { networks: { x: { id: "x" } } }, "connect"],
  ["it is attached to nothing", { networks: {} }, "connect"],
  [
    "a network of the workspace it should not have is gone",
    { networks: { ...AS_IT_IS.networks, "devc-acme-api": { id: "gone" } } },
    "replace",
  ],
  ["its network is gone", { networks: { "devc-acme-web": { id: "gone" } } }, "replace"],
];

describe("assess", () => {
  it.each(CONTAINERS)("comes to one answer by the short and the long way when %s", (_title, differing, way) => {
    const container = { ...AS_IT_IS, ...differing };
    const owned = { container, address: DESIRED.address, project: "web", role: "final" } as const;
    const live = { ...liveOf(WORKSPACE), containers: [container] };
    const long = assess(DESIRED, { ...owned, spec: structuredClone(DESIRED.spec) }, live, false);
    const short = assess(DESIRED, { ...owned, spec: DESIRED.spec }, live, false);
    expect(long.way).toBe(way);
    expect(short).toMatchObject({ way, patch: long.patch, reasons: long.reasons, resources: long.resources });
    expect(short.before.state).toBe(long.before.state);
  });
});
