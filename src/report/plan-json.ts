import type { PlanDocument } from "./documents/plan.ts";
import type { PlanView } from "./plan-view.ts";
import { maskSecrets } from "./secrets.ts";

/** The plan as a `devc.plan/1` document. Values of secret-looking variables are hidden. */
export function planDocumentOf({ plan, version, manifest, engine, durationMs }: PlanView): PlanDocument {
  const { workspace, root, changes, ops, kept, foreign, notices, summary } = plan;
  return {
    format: "devc.plan/1",
    devc: version,
    workspace,
    root,
    manifest,
    engine: engine ?? null,
    changes: maskSecrets(changes.filter(({ action }) => action !== "none")),
    ops: maskSecrets(ops),
    kept,
    foreign,
    notices,
    summary,
    durationMs,
  };
}
