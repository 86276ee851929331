import { z } from "zod";

import { notice } from "./spec.ts";

/** One sandbox of `devc status --json`. */
const sandboxStatus = z.object({
  project: z.string(),
  state: z
    .enum(["running", "stopped", "paused", "restarting", "dead", "absent"])
    .describe("absent: there is no container"),
  health: z.enum(["none", "starting", "healthy", "unhealthy"]),
  wanted: z.enum(["running", "stopped", "absent"]).describe("absent: no longer declared"),
  profile: z.string().nullable(),
  image: z.string(),
  container: z.object({ id: z.string(), name: z.string(), createdAt: z.iso.datetime() }).nullable(),
  drift: z.boolean(),
  pending: z.enum(["create", "update", "replace", "delete", "start", "stop", "resume", "none"]),
  hooks: z
    .enum(["none", "pending", "done"])
    .describe("Commands of its devcontainer.json; pending: not all have succeeded since it was made or started"),
  hint: z.string().nullable(),
});

/** `devc status --json`. */
export const statusDocument = z
  .object({
    format: z.literal("devc.status/1"),
    devc: z.string(),
    workspace: z.string(),
    root: z.string(),
    engine: z.object({ name: z.string(), version: z.string(), endpoint: z.string() }),
    sandboxes: z.array(sandboxStatus),
    notices: z.array(notice),
  })
  .describe("What exists of a workspace");

/** The type of `statusDocument`. */
export type StatusDocument = z.infer<typeof statusDocument>;
/** One row of `statusDocument`. */
export type SandboxStatus = StatusDocument["sandboxes"][number];
