import { describe, expect, it } from "vitest";

import type { ContainerState, Health } from "../../src/drivers/engine/engine.ts";
import { plan } from "../../src/reconcile/plan.ts";
import { planText } from "../support/plan-text.ts";
import { containerOf, desiredOf, liveOf, sandboxOf } from "../support/workspace.ts";

const OLD = desiredOf({ web: {} });
const NEW = desiredOf({ web: { env: { MODE: "new" } } });
const OTHER = desiredOf({ web: { env: { MODE: "other" } } });

type Part = { name: string; of?: typeof OLD; state?: ContainerState; health?: Health };

/** Plans NEW against containers that a crash could have left. IDs are the last part of the name. */
function planAfterCrash(parts: Part[], desired = NEW): string {
  const containers = parts.map(({ name, of = OLD, state = "running", health = "none" }) => {
    const id = `id-${name.split(".")[1] ?? "final"}`;
    return { ...containerOf(sandboxOf(of, "web"), { id, name, state }), health };
  });
  return planText(plan(desired, { ...liveOf(desired), containers }));
}

const FINAL = "devc-acme-web";
const NEXT = "devc-acme-web.next";
const PREV = "devc-acme-web.prev";

describe("plan after a crash", () => {
  it("goes on with a candidate that was created and not started", () => {
    expect(planAfterCrash([{ name: FINAL }, { name: NEXT, of: NEW, state: "created" }])).toMatchInlineSnapshot(`
      "replace sandbox/web: field-changed /env
      #1 sandbox/web container.start id-next | undo container.remove
      1 -> #2 sandbox/web container.wait id-next | undo container.remove
      2 -> #3 sandbox/web container.stop id-final
      3 -> #4 sandbox/web container.rename devc-acme-web.prev id-final
      4 -> #5 sandbox/web container.rename devc-acme-web id-next
      5 -> #6 sandbox/web container.remove id-final"
    `);
  });

  it("goes on with a candidate that runs", () => {
    expect(planAfterCrash([{ name: FINAL }, { name: NEXT, of: NEW }])).toMatchInlineSnapshot(`
      "replace sandbox/web: field-changed /env
      #1 sandbox/web container.wait id-next | undo container.remove
      1 -> #2 sandbox/web container.stop id-final
      2 -> #3 sandbox/web container.rename devc-acme-web.prev id-final
      3 -> #4 sandbox/web container.rename devc-acme-web id-next
      4 -> #5 sandbox/web container.remove id-final"
    `);
  });

  it("goes on when the old one was already stopped", () => {
    expect(
      planAfterCrash([
        { name: FINAL, state: "exited" },
        { name: NEXT, of: NEW },
      ]),
    ).toMatchInlineSnapshot(`
      "replace sandbox/web [drift]: stopped /state; field-changed /env
      #1 sandbox/web container.wait id-next | undo container.remove
      1 -> #2 sandbox/web container.rename devc-acme-web.prev id-final
      2 -> #3 sandbox/web container.rename devc-acme-web id-next
      3 -> #4 sandbox/web container.remove id-final"
    `);
  });

  it("starts afresh when the manifest changed since the candidate was made", () => {
    expect(planAfterCrash([{ name: FINAL }, { name: NEXT, of: OTHER }])).toMatchInlineSnapshot(`
      "replace sandbox/web: field-changed /env; interrupted (devc-acme-web.next: a candidate that is not wanted)
      #1 sandbox/web container.remove id-next
      1 -> #2 sandbox/web container.create devc-acme-web.next
      2 -> #3 sandbox/web container.start #2 | undo container.remove
      3 -> #4 sandbox/web container.wait #2 | undo container.remove
      4 -> #5 sandbox/web container.stop id-final
      5 -> #6 sandbox/web container.rename devc-acme-web.prev id-final
      6 -> #7 sandbox/web container.rename devc-acme-web #2
      7 -> #8 sandbox/web container.remove id-final"
    `);
  });

  it("starts afresh when the candidate stopped", () => {
    expect(planAfterCrash([{ name: FINAL }, { name: NEXT, of: NEW, state: "exited" }])).toMatchInlineSnapshot(`
      "replace sandbox/web: field-changed /env; interrupted (devc-acme-web.next: a candidate that is not wanted)
      #1 sandbox/web container.remove id-next
      1 -> #2 sandbox/web container.create devc-acme-web.next
      2 -> #3 sandbox/web container.start #2 | undo container.remove
      3 -> #4 sandbox/web container.wait #2 | undo container.remove
      4 -> #5 sandbox/web container.stop id-final
      5 -> #6 sandbox/web container.rename devc-acme-web.prev id-final
      6 -> #7 sandbox/web container.rename devc-acme-web #2
      7 -> #8 sandbox/web container.remove id-final"
    `);
  });

  it("removes a candidate when the manifest went back to what runs", () => {
    expect(planAfterCrash([{ name: FINAL }, { name: NEXT, of: NEW }], OLD)).toMatchInlineSnapshot(`
      "resume sandbox/web: interrupted (devc-acme-web.next: a candidate that is not wanted)
      #1 sandbox/web container.remove id-next"
    `);
  });

  it("lets a ready candidate take over between the two renames", () => {
    expect(
      planAfterCrash([
        { name: PREV, state: "exited" },
        { name: NEXT, of: NEW },
      ]),
    ).toMatchInlineSnapshot(`
      "resume sandbox/web: interrupted (devc-acme-web.next); interrupted (devc-acme-web.prev: left by a replacement that did not finish)
      #1 sandbox/web container.remove id-prev
      1 -> #2 sandbox/web container.rename devc-acme-web id-next"
    `);
  });

  it("takes the old one back when the candidate is not healthy", () => {
    const parts: Part[] = [
      { name: PREV, state: "exited" },
      { name: NEXT, of: NEW, health: "unhealthy" },
    ];
    expect(planAfterCrash(parts, OLD)).toMatchInlineSnapshot(`
      "resume sandbox/web [drift]: stopped /state; interrupted (devc-acme-web.prev); interrupted (devc-acme-web.next: a candidate that never became ready)
      #1 sandbox/web container.remove id-next
      1 -> #2 sandbox/web container.rename devc-acme-web id-prev
      2 -> #3 sandbox/web container.start id-prev
      3 -> #4 sandbox/web container.wait id-prev"
    `);
  });

  it("takes the old one back when there is no candidate", () => {
    expect(planAfterCrash([{ name: PREV, state: "exited" }], OLD)).toMatchInlineSnapshot(`
      "resume sandbox/web [drift]: stopped /state; interrupted (devc-acme-web.prev)
      #1 sandbox/web container.rename devc-acme-web id-prev
      1 -> #2 sandbox/web container.start id-prev
      2 -> #3 sandbox/web container.wait id-prev"
    `);
  });

  it("removes the former container after the last rename", () => {
    expect(
      planAfterCrash([
        { name: FINAL, of: NEW },
        { name: PREV, state: "exited" },
      ]),
    ).toMatchInlineSnapshot(`
      "resume sandbox/web: interrupted (devc-acme-web.prev: left by a replacement that finished)
      #1 sandbox/web container.remove id-prev"
    `);
  });

  it("lets a candidate take over whose old container is gone", () => {
    expect(planAfterCrash([{ name: NEXT, of: NEW, state: "created" }])).toMatchInlineSnapshot(`
      "resume sandbox/web: interrupted /state (it was never started); interrupted (devc-acme-web.next)
      #1 sandbox/web container.rename devc-acme-web id-next
      1 -> #2 sandbox/web container.start id-next
      2 -> #3 sandbox/web container.wait id-next"
    `);
  });

  it("starts a new sandbox that was created and never started", () => {
    expect(planAfterCrash([{ name: FINAL, of: NEW, state: "created" }])).toMatchInlineSnapshot(`
      "start sandbox/web: interrupted /state (it was never started)
      #1 sandbox/web container.start id-final
      1 -> #2 sandbox/web container.wait id-final"
    `);
  });

  it("reports a renamed sandbox beside a standing one and leaves it alone", () => {
    const containers = [
      containerOf(sandboxOf(NEW, "web"), { id: "id-final" }),
      containerOf(sandboxOf(NEW, "web"), { id: "id-copy", name: "copy" }),
    ];
    const result = plan(NEW, { ...liveOf(NEW), containers });
    expect(planText(result)).toBe("");
    expect(result.foreign.map(({ name }) => name)).toEqual(["copy"]);
  });
});
