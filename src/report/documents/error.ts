import { z } from "zod";

/** An error as data. `code` is stable; scripts match on it, never on the texts. */
export const errorBody = z
  .object({
    code: z.string(),
    message: z.string(),
    exitCode: z.int(),
    subject: z.string().optional().describe("The object concerned: an address, a path, an endpoint"),
    hint: z.string().optional().describe("What to do next"),
    details: z.array(z.string()),
    issues: z.array(
      z.object({
        code: z.string(),
        message: z.string(),
        file: z.string().optional(),
        line: z.int().optional().describe("From 1"),
        column: z.int().optional().describe("From 1"),
        source: z.string().optional().describe("The line itself"),
        expected: z.string().optional(),
        suggestion: z.string().optional(),
      }),
    ),
  })
  .meta({ id: "Error" });

/** What every command prints on standard output with `--json` when it fails. */
export const errorDocument = z
  .object({ format: z.literal("devc.error/1"), error: errorBody })
  .describe("An error of devc");

/** The type of `errorDocument`. */
export type ErrorDocument = z.infer<typeof errorDocument>;
/** The type of `errorBody`. */
export type ErrorBody = z.infer<typeof errorBody>;
