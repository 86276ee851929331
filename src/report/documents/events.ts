import { z } from "zod";

import { errorBody } from "./error.ts";
import { op } from "./op.ts";
import { planDocument, summary } from "./plan.ts";
import { address } from "./spec.ts";

const result = z.enum(["done", "failed", "skipped"]);
const failure = { code: z.string(), message: z.string(), details: z.array(z.string()) };

/** Fields of every line but the first. */
const line = { at: z.iso.datetime(), text: z.string().describe("The event for people") };

/** One line of the stream of `devc apply --json`. */
export const eventLine = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("version"), format: z.literal("devc.events/1"), devc: z.string() }),
    z.object({ type: z.literal("plan"), ...line, plan: planDocument }),
    z.object({ type: z.literal("op_start"), ...line, op }),
    z.object({
      type: z.literal("op_progress"),
      ...line,
      op,
      status: z.string(),
      current: z.number().describe("Bytes"),
      total: z.number().describe("Bytes"),
    }),
    z.object({
      type: z.literal("op_output"),
      ...line,
      n: z.int().describe("Number of the operation"),
      address,
      line: z.string().describe("One line that a build or a command printed"),
    }),
    z.object({ type: z.literal("op_done"), ...line, op, durationMs: z.number() }),
    z.object({ type: z.literal("op_failed"), ...line, op, ...failure }),
    z.object({ type: z.literal("op_undo"), ...line, op, message: z.string() }),
    z.object({ type: z.literal("resource_done"), ...line, address, result }),
    z.object({
      type: z.literal("summary"),
      ...line,
      outcome: z.object({
        resources: z.array(z.object({ address, result, error: z.object(failure).optional() })),
        interrupted: z.boolean(),
        planned: summary,
        durationMs: z.number(),
      }),
    }),
    z.object({ type: z.literal("error"), ...line, error: errorBody }),
  ])
  .describe("One line of the event stream of devc apply --json; the first line is of type version");

/** The type of `eventLine`. */
export type EventLine = z.infer<typeof eventLine>;
