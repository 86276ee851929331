import { describe, expect, it } from "vitest";

import type { Outcome, ResourceResult } from "../../src/reconcile/events.ts";
import { NOTHING_LIVE } from "../../src/reconcile/live.ts";
import { plan } from "../../src/reconcile/plan.ts";
import type { Plan } from "../../src/reconcile/plan-types.ts";
import { mergeRounds, readyProjects } from "../../src/reconcile/rounds.ts";
import { desiredOf, imagesPresent } from "../support/workspace.ts";

const live = { ...NOTHING_LIVE, images: imagesPresent() };
const first = plan(desiredOf({ api: {}, web: { build: {}, awaitsImage: true } }), live);
const second = plan(desiredOf({ web: {} }), live);

function outcomeOf({ summary }: Plan, resources: ResourceResult[]): Outcome {
  return { resources, interrupted: false, planned: summary, durationMs: 1 };
}

const DONE: ResourceResult[] = [
  { address: "image/web", result: "done" },
  { address: "sandbox/api", result: "done" },
];

describe("rounds of an apply", () => {
  it("go on with the sandboxes whose image came", () => {
    expect(readyProjects({ plan: first, outcome: outcomeOf(first, DONE) })).toEqual(["web"]);
    const skipped = outcomeOf(first, [{ address: "sandbox/web", result: "skipped" }]);
    expect(readyProjects({ plan: first, outcome: skipped })).toEqual([]);
    expect(readyProjects({ plan: second, outcome: outcomeOf(second, []) })).toEqual([]);
  });

  it("never go on with a sandbox that a guard keeps as it is", () => {
    const guard = { code: "protected", message: "", hint: "" } as const;
    const changes = first.changes.map((change) => ({ ...change, guards: [guard] }));
    expect(readyProjects({ plan: { ...first, changes }, outcome: outcomeOf(first, DONE) })).toEqual([]);
  });

  it("are told as one apply: each resource once, with what was done to it last", () => {
    const results: ResourceResult[] = [{ address: "sandbox/web", result: "done" }];
    const rounds = [
      { plan: first, outcome: outcomeOf(first, DONE) },
      { plan: second, outcome: outcomeOf(second, results) },
    ];
    const { plan: whole, outcome } = mergeRounds(rounds, 7);
    expect(outcome).toEqual({
      resources: [...DONE, ...results],
      interrupted: false,
      planned: first.summary,
      durationMs: 7,
    });
    const changed = whole.changes.map(({ address, action, awaitsImage }) => [address, action, awaitsImage]);
    expect(changed).toEqual([
      ["image/api", "none", undefined],
      ["image/web", "create", undefined],
      ["sandbox/api", "create", undefined],
      ["sandbox/web", "create", undefined],
    ]);
  });
});
