import { z } from "zod";

/** `devc logs --json`. */
export const logsDocument = z
  .object({
    format: z.literal("devc.logs/1"),
    devc: z.string(),
    workspace: z.string(),
    project: z.string(),
    source: z
      .enum(["container", "hooks"])
      .describe("container: output of the sandbox's first process; hooks: of the commands of its devcontainer.json"),
    lines: z.array(z.string()).describe("Oldest first, without ends of line"),
  })
  .describe("What a sandbox or the commands of its devcontainer.json printed");

/** The type of `logsDocument`. */
export type LogsDocument = z.infer<typeof logsDocument>;
