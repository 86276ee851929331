import type { ErrorCode } from "../model/errors.ts";
import type { Address } from "../model/names.ts";
import type { Op, Summary } from "./plan-types.ts";

/** What an apply tells while it works; renderers and the NDJSON stream subscribe. */
export type ApplyEvent =
  | { type: "op_start"; op: Op }
  | { type: "op_progress"; op: Op; status: string; current: number; total: number }
  | { type: "op_output"; op: Op; line: string }
  | { type: "op_done"; op: Op; durationMs: number }
  | { type: "op_failed"; op: Op; code: ErrorCode; message: string; details: string[] }
  | { type: "op_undo"; op: Op; message: string }
  | { type: "resource_done"; address: Address; result: "done" | "failed" | "skipped" };

/** How one resource ended. */
export type ResourceResult = {
  address: Address;
  /** `skipped`: something it needed failed, or the apply was interrupted before it began. */
  result: "done" | "failed" | "skipped";
  /** Present when failed. */
  error?: { code: ErrorCode; message: string; details: string[] };
};

/** How an apply ended. */
export type Outcome = {
  /** Resources that had operations, sorted by address. */
  resources: ResourceResult[];
  interrupted: boolean;
  planned: Summary;
  durationMs: number;
};

/** Receives events; must not throw. */
export type Emit = (event: ApplyEvent) => void;
