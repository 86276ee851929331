import { describe, expect, it } from "vitest";

import { NOTHING_LIVE } from "../../src/reconcile/live.ts";
import { plan } from "../../src/reconcile/plan.ts";
import { planText } from "../support/plan-text.ts";
import { desiredOf, imagesPresent, liveOf, recordOf, sandboxOf, ORIGIN } from "../support/workspace.ts";

const GIB = 2 ** 30;

describe("plan of a workspace", () => {
  it("creates what is missing: image, network and volume before the sandbox that needs them", () => {
    const desired = desiredOf({ web: { volumes: ["cache"], open: true } });
    expect(planText(plan(desired, NOTHING_LIVE))).toMatchInlineSnapshot(`
      "create image/web: missing
      create network/web: missing
      create sandbox/web: missing
      create volume/web/cache: missing
      #1 image/web image.pull debian:12
      #2 network/web network.create devc-acme-web
      #3 volume/web/cache volume.create devc-acme-web.cache
      1,2,3 -> #4 sandbox/web container.create devc-acme-web
      4 -> #5 sandbox/web container.start #4 | undo container.remove
      5 -> #6 sandbox/web container.wait #4 | undo container.remove"
    `);
  });

  it("pulls a reference once for all projects that share it", () => {
    const desired = desiredOf({ api: {}, web: {} });
    expect(planText(plan(desired, NOTHING_LIVE))).toMatchInlineSnapshot(`
      "create image/api: missing
      create image/web: missing
      create sandbox/api: missing
      create sandbox/web: missing
      #1 image/api image.pull debian:12
      1 -> #2 sandbox/api container.create devc-acme-api
      2 -> #3 sandbox/api container.start #2 | undo container.remove
      3 -> #4 sandbox/api container.wait #2 | undo container.remove
      1 -> #5 sandbox/web container.create devc-acme-web
      5 -> #6 sandbox/web container.start #5 | undo container.remove
      6 -> #7 sandbox/web container.wait #5 | undo container.remove"
    `);
  });

  it("is empty when everything is as desired", () => {
    const desired = desiredOf({ api: { state: "stopped" }, web: { volumes: ["cache"], open: true } });
    const result = plan(desired, liveOf(desired));
    expect(planText(result)).toBe("");
    expect(result.summary.unchanged).toBe(result.changes.length);
  });

  it("does not pull an absent image for a sandbox that already runs from it", () => {
    const desired = desiredOf({ web: {} });
    const live = { ...liveOf(desired), images: { "debian:12": null } };
    expect(planText(plan(desired, live))).toBe("");
  });

  it("changes memory in place and records the update first", () => {
    const live = liveOf(desiredOf({ web: { resources: { memory: 4 * GIB } } }));
    const wanted = desiredOf({ web: { resources: { memory: 6 * GIB } } });
    expect(planText(plan(wanted, live))).toMatchInlineSnapshot(`
      "update sandbox/web: field-changed /resources/memory
      #1 sandbox/web volume.create devc-acme-web.updated-id-web
      1 -> #2 sandbox/web container.update id-web {"memory":6442450944}"
    `);
  });

  it("stops before it changes limits, because old Podman forgets at a stop what was updated before it", () => {
    const live = liveOf(desiredOf({ web: { resources: { pids: 100 } } }));
    const wanted = desiredOf({ web: { state: "stopped", resources: { pids: 200 } } });
    expect(planText(plan(wanted, live))).toMatchInlineSnapshot(`
      "stop sandbox/web: running /state; field-changed /resources/pids
      #1 sandbox/web container.stop id-web
      1 -> #2 sandbox/web volume.create devc-acme-web.updated-id-web
      2 -> #3 sandbox/web container.update id-web {"pids":200}"
    `);
  });

  it("reads the limits of a recorded container instead of trusting its label", () => {
    const desired = desiredOf({ web: { resources: { memory: 4 * GIB } } });
    const live = liveOf(desired);
    const [container] = live.containers;
    if (!container) throw new Error("no container");
    const spec = { ...sandboxOf(desired, "web").spec, resources: { memory: 6 * GIB } };
    const recorded = {
      ...live,
      volumes: [recordOf("web", container.id)],
      details: { [container.id]: { container, spec, createdText: "", startedText: "", exitCode: 0, error: "" } },
    };
    expect(planText(plan(desired, recorded))).toMatchInlineSnapshot(`
      "update sandbox/web: field-changed /resources/memory
      #1 sandbox/web container.update id-web {"memory":4294967296}"
    `);
  });

  it("replaces a container whose memory cap is lifted, since no engine lifts it in place", () => {
    const live = liveOf(desiredOf({ web: { resources: { memory: 4 * GIB, pids: 100 } } }));
    expect(planText(plan(desiredOf({ web: { resources: { pids: 100 } } }), live))).toMatchInlineSnapshot(`
      "replace sandbox/web: limit-lifted /resources/memory
      #1 sandbox/web container.create devc-acme-web.next
      1 -> #2 sandbox/web container.start #1 | undo container.remove
      2 -> #3 sandbox/web container.wait #1 | undo container.remove
      3 -> #4 sandbox/web container.stop id-web
      4 -> #5 sandbox/web container.rename devc-acme-web.prev id-web
      5 -> #6 sandbox/web container.rename devc-acme-web #1
      6 -> #7 sandbox/web container.remove id-web"
    `);
  });

  it("replaces health first when the image changes", () => {
    const live = liveOf(desiredOf({ web: {} }));
    expect(planText(plan(desiredOf({ web: { image: "debian:13" } }), live))).toMatchInlineSnapshot(`
      "replace sandbox/web: image-changed /image (debian:13)
      #1 sandbox/web container.create devc-acme-web.next
      1 -> #2 sandbox/web container.start #1 | undo container.remove
      2 -> #3 sandbox/web container.wait #1 | undo container.remove
      3 -> #4 sandbox/web container.stop id-web
      4 -> #5 sandbox/web container.rename devc-acme-web.prev id-web
      5 -> #6 sandbox/web container.rename devc-acme-web #1
      6 -> #7 sandbox/web container.remove id-web"
    `);
  });

  it("sees a tag that moved", () => {
    const desired = desiredOf({ web: {} });
    const live = liveOf(desired, () => ({ imageId: "sha256:old" }));
    expect(planText(plan(desired, live))).toMatchInlineSnapshot(`
      "replace sandbox/web: image-changed /image (debian:12)
      #1 sandbox/web container.create devc-acme-web.next
      1 -> #2 sandbox/web container.start #1 | undo container.remove
      2 -> #3 sandbox/web container.wait #1 | undo container.remove
      3 -> #4 sandbox/web container.stop id-web
      4 -> #5 sandbox/web container.rename devc-acme-web.prev id-web
      5 -> #6 sandbox/web container.rename devc-acme-web #1
      6 -> #7 sandbox/web container.remove id-web"
    `);
  });

  it("costs nothing when another reference names the same image", () => {
    const live = {
      ...liveOf(desiredOf({ web: {} })),
      images: { ...imagesPresent(), alias: imagesPresent()["debian:12"] ?? null },
    };
    expect(planText(plan(desiredOf({ web: { image: "alias" } }), live))).toBe("");
  });

  it("stops, starts and unpauses without touching anything else", () => {
    const desired = desiredOf({ api: { state: "stopped" }, scratch: {}, web: {} });
    const states = { "devc-acme-api": "running", "devc-acme-scratch": "paused", "devc-acme-web": "exited" } as const;
    const live = liveOf(desired, ({ name }) => ({ state: states[name as keyof typeof states] }));
    expect(planText(plan(desired, live))).toMatchInlineSnapshot(`
      "stop sandbox/api: running /state
      start sandbox/scratch [drift]: paused /state
      start sandbox/web [drift]: stopped /state
      #1 sandbox/api container.stop id-api
      #2 sandbox/scratch container.unpause id-scratch
      #3 sandbox/web container.start id-web
      3 -> #4 sandbox/web container.wait id-web"
    `);
  });

  it("heals a rename and an attachment to a foreign network", () => {
    const desired = desiredOf({ api: {}, web: { open: true } });
    const live = liveOf(desired, ({ name, networks }) =>
      name === "devc-acme-api" ? { name: "mine" } : { networks: { ...networks, other: { id: "net-other" } } },
    );
    expect(planText(plan(desired, live))).toMatchInlineSnapshot(`
      "update sandbox/api [drift]: renamed /name (mine)
      update sandbox/web [drift]: network-connected /network/networks/other (other)
      #1 sandbox/api container.rename devc-acme-api id-api
      #2 sandbox/web network.disconnect id-web net-other"
    `);
  });

  it("replaces a sandbox whose network was recreated behind it", () => {
    const desired = desiredOf({ web: { open: true } });
    const live = liveOf(desired, () => ({ networks: { "devc-acme-web": { id: "gone" } } }));
    expect(planText(plan(desired, live))).toMatchInlineSnapshot(`
      "replace sandbox/web [drift]: network-replaced /network/networks (devc-acme-web)
      #1 sandbox/web container.create devc-acme-web.next
      1 -> #2 sandbox/web container.start #1 | undo container.remove
      2 -> #3 sandbox/web container.wait #1 | undo container.remove
      3 -> #4 sandbox/web container.stop id-web
      4 -> #5 sandbox/web container.rename devc-acme-web.prev id-web
      5 -> #6 sandbox/web container.rename devc-acme-web #1
      6 -> #7 sandbox/web container.remove id-web"
    `);
  });

  it("destroys what is not declared and keeps its volumes", () => {
    const live = liveOf(desiredOf({ api: { volumes: ["db"], open: true }, web: {} }));
    const result = plan(desiredOf({ web: {} }), live);
    expect(planText(result)).toMatchInlineSnapshot(`
      "delete network/api: not-declared
      delete sandbox/api: not-declared
      #1 sandbox/api container.stop id-api
      1 -> #2 sandbox/api container.remove id-api
      1,2 -> #3 network/api network.remove net-api"
    `);
    expect(result.kept).toEqual(["volume/api/db"]);
  });

  it("removes undeclared volumes only when asked, after their sandbox", () => {
    const live = liveOf(desiredOf({ api: { volumes: ["db"] }, web: {} }));
    expect(planText(plan(desiredOf({ web: {} }), live, { pruneVolumes: true }))).toMatchInlineSnapshot(`
      "delete sandbox/api: not-declared
      delete volume/api/db: not-declared
      #1 sandbox/api container.stop id-api
      1 -> #2 sandbox/api container.remove id-api
      1,2 -> #3 volume/api/db volume.remove devc-acme-api.db"
    `);
  });

  it("refuses to delete most sandboxes at once unless the number is named", () => {
    const live = liveOf(desiredOf({ a: {}, b: {}, c: {}, d: {} }));
    const wanted = desiredOf({ d: {} });
    expect(plan(wanted, live).changes.flatMap(({ guards }) => guards.map(({ code }) => code))).toEqual(
      Array.from({ length: 3 }, () => "mass-delete"),
    );
    expect(plan(wanted, live, { allowDelete: 3 }).changes.flatMap(({ guards }) => guards)).toEqual([]);
  });

  it("plans nothing for a protected sandbox that would be replaced, and says why", () => {
    const live = liveOf(desiredOf({ web: { protect: true } }));
    expect(planText(plan(desiredOf({ web: { image: "debian:13", protect: true } }), live))).toMatchInlineSnapshot(
      `"replace sandbox/web [guard protected]: image-changed /image (debian:13)"`,
    );
  });

  it("restricts itself to the selected projects", () => {
    const desired = desiredOf({ api: {}, web: {} });
    const result = plan(desired, { ...NOTHING_LIVE, images: imagesPresent() }, { projects: ["web"] });
    expect(planText(result)).toMatchInlineSnapshot(`
      "create sandbox/web: missing
      #1 sandbox/web container.create devc-acme-web
      1 -> #2 sandbox/web container.start #1 | undo container.remove
      2 -> #3 sandbox/web container.wait #1 | undo container.remove"
    `);
  });

  it("refuses a workspace name that another folder uses on the engine, naming both", () => {
    const desired = desiredOf({ web: {} });
    const moved = { ...desired, root: "/elsewhere" };
    expect(() => plan(moved, liveOf(desired))).toThrowError(
      expect.objectContaining({ code: "workspace-root-conflict", details: ["this manifest is in /elsewhere"] }),
    );
    expect(() => plan(moved, liveOf(desired))).toThrowError(ORIGIN.root);
  });
});
