import { z } from "zod";

import { HOOK_PHASES } from "../../model/devcontainer/lifecycle.ts";

/** Builds and commands of devcontainers as they stand in documents; the types in src/model/devcontainer are the source. */

const strings = z.record(z.string(), z.string());

/** One image build. */
export const imageBuild = z
  .object({
    context: z.string().optional().describe("Absolute host path; absent: an empty context"),
    dockerfile: z.union([z.object({ path: z.string() }), z.object({ text: z.string() })]),
    args: strings.describe("Values of secret-looking names are hidden"),
    target: z.string().optional(),
    cacheFrom: z.array(z.string()),
    secrets: z
      .record(z.string(), z.union([z.object({ file: z.string() }), z.object({ env: z.string() })]))
      .describe("Where the value of each secret is found on the host"),
    network: z.enum(["default", "none"]).optional(),
    labels: strings,
    extraHosts: strings,
    platform: z.string().optional(),
    bases: z.array(z.string()).describe("Images the build starts or copies from"),
    inputs: z.string().describe("Hash over everything that decides the result besides the base images"),
    classic: z.literal(true).optional(),
  })
  .meta({ id: "ImageBuild" });

/** A phase in which a devcontainer.json runs commands in a sandbox. */
export const hookPhase = z.enum(HOOK_PHASES);

const command = z.union([
  z.string(),
  z.array(z.string()),
  z.record(z.string(), z.union([z.string(), z.array(z.string())])),
]);

const hookEntries = z.array(z.object({ command, source: z.string() })).optional();

/** How commands are run in a sandbox. */
export const remoteSpec = z
  .object({
    user: z.string().optional(),
    workdir: z.string(),
    env: strings.describe("Values of secret-looking names are hidden"),
    userEnvProbe: z.enum(["none", "loginShell", "interactiveShell", "loginInteractiveShell"]),
  })
  .meta({ id: "Remote" });

/** The commands of a sandbox. */
export const hooksSpec = z
  .object({
    phases: z.object({
      onCreate: hookEntries,
      updateContent: hookEntries,
      postCreate: hookEntries,
      postStart: hookEntries,
      postAttach: hookEntries,
    }),
    remote: remoteSpec,
    timeoutMs: z.int().describe("Milliseconds one command may take"),
    waitFor: z.enum(["initialize", ...HOOK_PHASES]),
  })
  .meta({ id: "Hooks" });
