import { describe, expect, it } from "vitest";

import { BUILD_LABEL } from "../../src/model/devcontainer/build.ts";
import { NOTHING_LIVE } from "../../src/reconcile/live.ts";
import type { Live } from "../../src/reconcile/live.ts";
import { plan } from "../../src/reconcile/plan.ts";
import { restrictToSaved, savedPlanOf } from "../../src/reconcile/saved-plan.ts";
import { planText } from "../support/plan-text.ts";
import { desiredOf, imageFacts, imagesPresent, liveOf, ORIGIN } from "../support/workspace.ts";
import type { ProjectOptions } from "../support/workspace.ts";

const TAG = "devc-acme-web:built";
const BUILT: ProjectOptions = { build: { bases: ["debian:12"] }, awaitsImage: true };

/** The engine after an image was built, from other inputs or another base when that is said. */
function built(live: Live, { inputs = "i1", base = "sha256:d12", root = ORIGIN.root } = {}): Live {
  const labels = {
    [BUILD_LABEL.inputs]: inputs,
    [BUILD_LABEL.bases]: JSON.stringify({ "debian:12": base }),
    [BUILD_LABEL.root]: root,
  };
  return { ...live, images: { ...imagesPresent(), [TAG]: imageFacts("sha256:built", labels) } };
}

/** A sandbox made from the built image, which is there. */
function applied(options: ProjectOptions = { build: { bases: ["debian:12"] } }): Live {
  const live = liveOf(desiredOf({ web: options }), () => ({ imageId: "sha256:built" }));
  return built(live);
}

describe("an image that is built", () => {
  it("comes first, with the images it is made from, and its sandbox is planned when it is there", () => {
    expect(planText(plan(desiredOf({ web: { ...BUILT, volumes: ["cache"] } }), NOTHING_LIVE))).toMatchInlineSnapshot(`
      "create image/web: missing
      create sandbox/web: missing
      create volume/web/cache: missing
      #1 image/web image.pull debian:12
      1 -> #2 image/web image.build devc-acme-web:built
      #3 volume/web/cache volume.create devc-acme-web.cache"
    `);
  });

  it("shares the pull of a base with whoever else needs it", () => {
    const desired = desiredOf({ api: { image: "debian:12" }, web: BUILT, worker: BUILT });
    expect(planText(plan(desired, NOTHING_LIVE))).toMatchInlineSnapshot(`
      "create image/api: missing
      create image/web: missing
      create image/worker: missing
      create sandbox/api: missing
      create sandbox/web: missing
      create sandbox/worker: missing
      #1 image/api image.pull debian:12
      1 -> #2 image/web image.build devc-acme-web:built
      1 -> #3 image/worker image.build devc-acme-worker:built
      1 -> #4 sandbox/api container.create devc-acme-api
      4 -> #5 sandbox/api container.start #4 | undo container.remove
      5 -> #6 sandbox/api container.wait #4 | undo container.remove"
    `);
  });

  it("is not built again for a sandbox that is as desired", () => {
    expect(planText(plan(desiredOf({ web: { build: { bases: ["debian:12"] } } }), applied()))).toBe("");
  });

  it.each([
    ["what it is built from changed", { inputs: "i0" }, "build-inputs-changed"],
    ["an image it is built from changed", { base: "sha256:old" }, "base-changed"],
  ])("is built again when %s, and the sandbox goes on meanwhile", (cause, was, code) => {
    const text = planText(plan(desiredOf({ web: BUILT }), built(applied(), was)));
    expect(text).toBe(
      [
        `replace image/web: ${code}`,
        `replace sandbox/web: image-changed /image (${TAG}: ${cause})`,
        `#1 image/web image.build ${TAG}`,
      ].join("\n"),
    );
  });

  it("is built again also when the compiler did not say that the sandbox waits for it", () => {
    const { changes } = plan(desiredOf({ web: { build: {} } }), built(applied({ build: {} }), { inputs: "i0" }));
    expect(changes.find(({ kind }) => kind === "sandbox")).toMatchObject({ awaitsImage: true, waitsFor: [1] });
  });

  it("is built for a sandbox that shall be stopped, too", () => {
    const live = built(applied({ ...BUILT, state: "stopped" }), { inputs: "i0" });
    const { ops } = plan(desiredOf({ web: { ...BUILT, state: "stopped" } }), live);
    expect(ops.map(({ op }) => op)).toEqual(["image.build"]);
  });

  it("is not built for a protected sandbox, whose replacement is refused", () => {
    const live = built(applied(), { inputs: "i0" });
    expect(planText(plan(desiredOf({ web: { ...BUILT, protect: true } }), live))).toBe(
      `replace sandbox/web [guard protected]: image-changed /image (${TAG}: what it is built from changed)`,
    );
  });

  it("is pulled for a protected sandbox when it is only absent: it may be what the sandbox was made from", () => {
    const desired = desiredOf({ web: { awaitsImage: true, protect: true } });
    expect(planText(plan(desired, { ...liveOf(desired), images: {} }))).toMatchInlineSnapshot(`
      "create image/web: missing
      replace sandbox/web: image-changed /image (debian:12 is not present)
      #1 image/web image.pull debian:12"
    `);
  });

  it("waits with the layer on it until it is there, because the layer names it by its ID", () => {
    const options: ProjectOptions = { ...BUILT, layer: { inputs: "l1" } };
    expect(planText(plan(desiredOf({ web: options }), { ...NOTHING_LIVE, images: imagesPresent() }))).toBe(
      ["create image/web: missing", "create sandbox/web: missing", `#1 image/web image.build ${TAG}`].join("\n"),
    );
    expect(planText(plan(desiredOf({ web: options }), built(NOTHING_LIVE)))).toBe(
      [
        "create image/web/uid: missing",
        "create sandbox/web: missing",
        "#1 image/web/uid image.build devc-acme-web:uid",
      ].join("\n"),
    );
  });

  it("keeps the volumes of its project, which the image may declare", () => {
    const live = liveOf(desiredOf({ web: { volumes: ["cache"] } }));
    const { ops, kept } = plan(
      desiredOf({ web: BUILT }),
      { ...live, containers: [], images: imagesPresent() },
      { pruneVolumes: true },
    );
    expect(ops.map(({ op }) => op)).toEqual(["image.build"]);
    expect(kept).toEqual([]);
  });
});

describe("a saved plan with an image that is built", () => {
  const from = { devc: "0.1.0", manifest: "abc", engine: "e1", hostValues: [] };
  const live = { ...NOTHING_LIVE, images: imagesPresent() };

  it("names the sandbox that waits, and is refused when the image would be built from something else", () => {
    const saved = savedPlanOf(plan(desiredOf({ web: BUILT }), live), from);
    expect(saved.changes.map(({ address }) => address)).toEqual(["image/web", "sandbox/web"]);
    const other = desiredOf({ web: { ...BUILT, build: { bases: ["debian:12"], inputs: "i2" } } });
    expect(planText(restrictToSaved(saved, plan(desiredOf({ web: BUILT }), live), from))).toContain("image.build");
    expect(() => restrictToSaved(saved, plan(other, live), from)).toThrowError(
      expect.objectContaining({ code: "plan-stale" }),
    );
  });
});

describe("destroy", () => {
  const image = { kind: "image", address: "image/web", project: "web", reference: TAG } as const;
  const nothing = desiredOf({});

  it("removes a built image of this workspace after the sandbox made from it", () => {
    expect(planText(plan(nothing, applied(), { builtImages: [image] }))).toMatchInlineSnapshot(`
      "delete image/web: not-declared
      delete sandbox/web: not-declared
      #1 sandbox/web container.stop id-web
      1 -> #2 sandbox/web container.remove id-web
      1,2 -> #3 image/web image.remove devc-acme-web:built"
    `);
  });

  it.each([
    ["was built for another folder", built(NOTHING_LIVE, { root: "/elsewhere" }), {}],
    ["is not there", NOTHING_LIVE, {}],
    ["belongs to a project that is not asked for", built(NOTHING_LIVE), { projects: ["api"] }],
    ["belongs to a protected sandbox", built(NOTHING_LIVE), { protectedProjects: ["web"] }],
  ])("leaves an image alone that %s", (_title, live, options) => {
    expect(planText(plan(nothing, live, { builtImages: [image], ...options }))).toBe("");
  });
});
