import { z } from "zod";

import { op } from "./op.ts";
import { address, notice } from "./spec.ts";

/** RFC 6902 operations; `test` carries the old value of the operation after it. */
const patchOperation = z
  .object({
    op: z.enum(["add", "remove", "replace", "test", "move", "copy", "_get"]),
    path: z.string(),
    from: z.string().optional(),
    value: z.unknown().optional(),
  })
  .meta({ id: "PatchOperation" });

const change = z
  .object({
    address,
    kind: z.enum(["image", "volume", "network", "sandbox", "record", "hooks"]),
    project: z.string(),
    action: z.enum(["create", "update", "replace", "delete", "start", "stop", "resume", "none"]),
    drift: z.boolean().describe("The live state was changed by something else than devc"),
    reasons: z.array(
      z.object({
        code: z.string(),
        path: z.string().optional(),
        detail: z.string().optional(),
        drift: z.literal(true).optional(),
      }),
    ),
    patch: z.array(patchOperation).describe("RFC 6902, from the state before to the state after"),
    security: z.array(
      z.object({
        direction: z.enum(["loosens", "tightens"]),
        path: z.string(),
        what: z.string(),
        capped: z.literal(true).optional(),
      }),
    ),
    disruption: z.enum(["none", "restart", "replace"]),
    guards: z
      .array(z.object({ code: z.enum(["protected", "mass-delete"]), message: z.string(), hint: z.string() }))
      .describe("Rules that forbid the change until the person says otherwise"),
    expect: z
      .object({
        id: z.string().optional(),
        core: z.string().optional(),
        state: z.string().optional(),
        absent: z.literal(true).optional(),
        image: z.string().optional(),
        inputs: z.string().optional(),
      })
      .describe("The state the change relies on"),
    ops: z.array(z.int()),
    awaitsImage: z
      .literal(true)
      .optional()
      .describe(
        "What the sandbox will be depends on an image that this plan brings; apply plans it when the image is there",
      ),
    waitsFor: z.array(z.int()).optional().describe("With awaitsImage: the operations that bring the image"),
  })
  .meta({ id: "Change" });

/** Counts by action. */
export const summary = z
  .object({
    create: z.int(),
    update: z.int(),
    replace: z.int(),
    delete: z.int(),
    start: z.int(),
    stop: z.int(),
    resume: z.int(),
    unchanged: z.int(),
    drift: z.int(),
    loosening: z.int(),
  })
  .meta({ id: "Summary" });

const foreign = z.object({
  kind: z.enum(["container", "network", "volume"]),
  id: z.string(),
  name: z.string(),
  why: z.string(),
});

/** `devc plan --json`. Changes that change nothing are left out; the summary counts them. */
export const planDocument = z
  .object({
    format: z.literal("devc.plan/1"),
    devc: z.string().describe("Version of devc"),
    workspace: z.string(),
    root: z.string(),
    manifest: z.object({
      path: z.string(),
      sha256: z.string().describe("Over all files that took part in the manifest"),
    }),
    engine: z
      .object({
        id: z.string(),
        name: z.string(),
        version: z.string(),
        apiVersion: z.string(),
        endpoint: z.string(),
      })
      .nullable()
      .describe("null: planned against an empty engine (--offline)"),
    changes: z.array(change),
    ops: z.array(op),
    kept: z.array(address).describe("Volumes that are no longer declared and stay"),
    foreign: z
      .array(foreign)
      .describe("Objects that carry our labels, or those of a devcontainer of ours, and are not ours"),
    notices: z.array(notice),
    summary,
    durationMs: z.number(),
  })
  .meta({ id: "Plan", description: "A plan of devc: the difference between a manifest and a container engine" });

/** The type of `planDocument`. */
export type PlanDocument = z.infer<typeof planDocument>;
