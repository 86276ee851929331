import type { Plan } from "../reconcile/plan-types.ts";

/** The engine a plan is for. */
export type EngineView = { id: string; name: string; version: string; apiVersion: string; endpoint: string };

/** A plan and where it comes from: what every form of a plan's report is made of. */
export type PlanView = {
  plan: Plan;
  /** devc's version. */
  version: string;
  manifest: { path: string; sha256: string };
  /** Absent: planned against an empty engine (`--offline`). */
  engine?: EngineView;
  /** Milliseconds from the start of the command to the finished plan. */
  durationMs: number;
  /** Everything is to be removed, declared or not. */
  destroy: boolean;
  /** The command that comes next, when there is something to do. */
  next?: string;
};
