import { plan } from "../../src/reconcile/plan.ts";
import type { PlanOptions } from "../../src/reconcile/plan.ts";
import type { Desired } from "../../src/model/desired.ts";
import type { Live } from "../../src/reconcile/live.ts";
import type { PlanView } from "../../src/report/plan-view.ts";
import type { Style } from "../../src/report/style.ts";

/** No colour, all symbols, no wrapping. */
export const PLAIN: Style = { color: false, unicode: true, width: Number.POSITIVE_INFINITY };
/** Nothing beyond ASCII. */
export const ASCII: Style = { ...PLAIN, unicode: false };
/** Colour and symbols. */
export const COLOURED: Style = { ...PLAIN, color: true };

/** The view of a real plan, with everything around it fixed. */
export function viewOf(desired: Desired, live: Live, options: PlanOptions & Partial<PlanView> = {}): PlanView {
  const { next = "devc apply", destroy = false, ...planOptions } = options;
  return {
    plan: plan(desired, live, planOptions),
    version: "0.1.0",
    manifest: { path: "/src/acme/devc.yaml", sha256: "0".repeat(64) },
    engine: { id: "e1", name: "Docker", version: "28.5.2", apiVersion: "1.51", endpoint: "unix:///run/docker.sock" },
    destroy,
    durationMs: 118,
    next,
  };
}
