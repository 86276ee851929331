import { z } from "zod";

/** The file `devc plan --out FILE` writes: preconditions only, no values of the manifest and so no secrets. */
export const savedPlanDocument = z
  .strictObject({
    format: z.literal("devc.saved-plan/1"),
    workspace: z.string(),
    root: z.string(),
    /** The flags that decide what a plan holds. */
    options: z.strictObject({
      projects: z.array(z.string()).optional(),
      pruneVolumes: z.boolean(),
      allowDelete: z.int().optional(),
      refresh: z.boolean(),
      destroy: z.boolean(),
    }),
    devc: z.string(),
    manifest: z.string(),
    engine: z.string(),
    hostValues: z.array(z.string()).default([]),
    changes: z.array(
      z.strictObject({
        address: z.string(),
        action: z.enum(["create", "update", "replace", "delete", "start", "stop", "resume", "none"]),
        reasons: z.array(z.unknown()),
        expect: z.unknown(),
      }),
    ),
  })
  .describe("A saved plan of devc: what apply FILE may do, and the state it relies on");
