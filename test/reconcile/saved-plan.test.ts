import { describe, expect, it } from "vitest";

import { plan } from "../../src/reconcile/plan.ts";
import { restrictToSaved, savedPlanOf } from "../../src/reconcile/saved-plan.ts";
import { planText } from "../support/plan-text.ts";
import { desiredOf, imageFacts, liveOf } from "../support/workspace.ts";

const BEFORE = desiredOf({ api: {}, web: {} });
const WANTED = desiredOf({ api: {}, web: { image: "debian:13" } });
const FROM = { devc: "0.1.0", manifest: "abc", engine: "e1", hostValues: ["hosts:1"] };
const saved = savedPlanOf(plan(WANTED, liveOf(BEFORE)), FROM);

describe("a saved plan", () => {
  it("holds no specs, so no values of variables", () => {
    const secret = desiredOf({ web: { env: { TOKEN: "s3cret" } } });
    const text = JSON.stringify(savedPlanOf(plan(secret, liveOf(BEFORE)), FROM));
    expect(text).toContain("sandbox/web");
    expect(text).not.toContain("s3cret");
  });

  it("is the fresh plan when nothing changed", () => {
    const fresh = plan(WANTED, liveOf(BEFORE));
    expect(planText(restrictToSaved(saved, fresh, FROM))).toBe(planText(fresh));
  });

  it("does not mind changes elsewhere, and does not take them up", () => {
    const live = liveOf(BEFORE, ({ name }) => (name === "devc-acme-api" ? { state: "exited" } : {}));
    const result = restrictToSaved(saved, plan(WANTED, live), FROM);
    expect(result.changes.map(({ address }) => address)).toEqual(["sandbox/web"]);
  });

  it("leaves out what is already done", () => {
    expect(planText(restrictToSaved(saved, plan(WANTED, liveOf(WANTED)), FROM))).toBe("");
  });

  it.each([
    ["the manifest changed", FROM, { ...FROM, manifest: "def" }, "the manifest has changed"],
    ["it is for another engine", FROM, { ...FROM, engine: "e2" }, "it was made for another engine"],
    [
      "a value of the host changed",
      FROM,
      { ...FROM, hostValues: ["hosts:2"] },
      "a value that is taken from the host's environment has changed",
    ],
    ["another devc made it", FROM, { ...FROM, devc: "0.2.0" }, "it was made by devc 0.1.0"],
  ])("is refused when %s", (_title, _from, now, detail) => {
    const fresh = plan(WANTED, liveOf(BEFORE));
    expect(() => restrictToSaved(saved, fresh, now)).toThrowError(
      expect.objectContaining({ code: "plan-stale", details: [detail] }),
    );
  });

  it("is refused when a sandbox it changes is no longer as it was", () => {
    const fresh = plan(
      WANTED,
      liveOf(BEFORE, () => ({ state: "exited" })),
    );
    expect(() => restrictToSaved(saved, fresh, FROM)).toThrowError(expect.objectContaining({ code: "plan-stale" }));
  });

  it("is refused when the tag of an image to create from moved meanwhile", () => {
    const live = liveOf(BEFORE);
    const moved = { ...live, images: { ...live.images, "debian:13": imageFacts("sha256:moved") } };
    expect(() => restrictToSaved(saved, plan(WANTED, moved), FROM)).toThrowError(
      expect.objectContaining({ code: "plan-stale" }),
    );
  });

  it("is refused when a change now needs something that was not planned", () => {
    const fresh = plan(WANTED, { ...liveOf(BEFORE), images: { "debian:13": null } });
    expect(() => restrictToSaved(saved, fresh, FROM)).toThrowError(expect.objectContaining({ code: "plan-stale" }));
  });
});
