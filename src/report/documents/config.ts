import { z } from "zod";

import { hooksSpec, imageBuild, remoteSpec } from "./devcontainer.ts";
import { address, containerSpec, networkSpec, notice, volumeSpec } from "./spec.ts";

const resource = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("image"),
    address,
    project: z.string(),
    reference: z.string(),
    build: imageBuild.optional(),
  }),
  z.object({ kind: z.literal("volume"), address, project: z.string(), name: z.string(), spec: volumeSpec }),
  z.object({ kind: z.literal("network"), address, project: z.string(), name: z.string(), spec: networkSpec }),
  z.object({
    kind: z.literal("sandbox"),
    address,
    project: z.string(),
    name: z.string(),
    spec: containerSpec,
    state: z.enum(["running", "stopped"]),
    protect: z.boolean(),
    devcontainer: z
      .object({
        labels: z.record(z.string(), z.string()).describe("By which other tools find the container"),
        remote: remoteSpec,
        hooks: hooksSpec.optional(),
      })
      .optional()
      .describe("What a devcontainer.json adds to a sandbox besides its spec"),
    awaitsImage: z
      .literal(true)
      .optional()
      .describe("The image is not known, so what its metadata adds is not in the spec"),
  }),
]);

/** `devc config --json`: what the manifest compiles to. */
export const configDocument = z
  .object({
    format: z.literal("devc.config/1"),
    devc: z.string(),
    workspace: z.string(),
    root: z.string(),
    manifest: z.object({ path: z.string(), sha256: z.string(), files: z.array(z.string()) }),
    projects: z.array(z.string()),
    resources: z.array(resource),
    origins: z
      .record(z.string(), z.record(z.string(), z.string()))
      .describe("By project and value, such as env.NAME: file:line, image metadata, profile NAME or default"),
    notices: z.array(notice),
  })
  .describe("The compiled form of a manifest");

/** The type of `configDocument`. */
export type ConfigDocument = z.infer<typeof configDocument>;

/** `devc validate --json` of a valid manifest; an invalid one gives a devc.error/1 document. */
export const validateDocument = z
  .object({
    format: z.literal("devc.validate/1"),
    devc: z.string(),
    valid: z.literal(true),
    workspace: z.string(),
    manifest: z.object({ path: z.string(), sha256: z.string(), files: z.array(z.string()) }),
    projects: z.array(z.string()),
    notices: z.array(notice),
  })
  .describe("A valid manifest");

/** The type of `validateDocument`. */
export type ValidateDocument = z.infer<typeof validateDocument>;
