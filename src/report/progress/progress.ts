import type { Clock } from "../../reconcile/clock.ts";
import type { Emit } from "../../reconcile/events.ts";
import type { PlanView } from "../plan-view.ts";
import type { Style } from "../style.ts";

/** Where progress goes. */
export type ProgressStream = { write(text: string): unknown; columns?: number; rows?: number };

/** What a renderer of progress gets. */
export type ProgressOptions = {
  /** Standard output for `json`, standard error for the others. */
  stream: ProgressStream;
  style: Style;
  clock: Clock;
  view: PlanView;
};

/** Shows one apply while it works. */
export type Progress = {
  emit: Emit;
  /** Writes other text without tearing what is shown. */
  aside(text: string): void;
  /** Ends; what is shown stays. */
  close(): void;
};

/** Makes a renderer. */
export type ProgressRenderer = (options: ProgressOptions) => Progress;
