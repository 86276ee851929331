import { z } from "zod";

/**
 * Specs as they stand in documents. The types of src/model/spec.ts are the source; what a report hands over is checked
 * against these schemas by the compiler and, in tests, by a JSON Schema validator.
 */
export const address = z
  .string()
  .meta({ id: "Address", description: "Stable identity of a resource, such as sandbox/web" });

const presence = z.record(z.string(), z.literal(true));

const mountSpec = z.discriminatedUnion("type", [
  z.object({ type: z.literal("bind"), source: z.string(), readOnly: z.literal(true).optional() }),
  z.object({ type: z.literal("volume"), source: z.string(), readOnly: z.literal(true).optional() }),
  z.object({ type: z.literal("tmpfs"), size: z.int().optional() }),
]);

export const resourcesSpec = z
  .object({
    memory: z.int().optional().describe("Bytes"),
    nanoCpus: z.int().optional().describe("Billionths of a CPU"),
    pids: z.int().optional(),
  })
  .meta({ id: "Resources" });

const networkAttachment = z.discriminatedUnion("mode", [
  z.object({ mode: z.literal("none") }),
  z.object({
    mode: z.literal("bridge"),
    networks: z.record(z.string(), z.object({ aliases: z.array(z.string()).optional() })),
  }),
]);

export const containerSpec = z
  .object({
    image: z.string(),
    entrypoint: z.array(z.string()).optional(),
    command: z.array(z.string()).optional(),
    env: z
      .record(z.string(), z.string())
      .optional()
      .describe("Values of secret-looking names are hidden; hosts:… stands for a value of the host's environment"),
    user: z.string().optional(),
    workdir: z.string().optional(),
    hostname: z.string().optional(),
    mounts: z.record(z.string(), mountSpec).optional().describe("By target path"),
    network: networkAttachment,
    capabilities: z.object({ drop: presence.optional(), add: presence.optional() }).optional(),
    noNewPrivileges: z.literal(true).optional(),
    runtime: z.string().optional(),
    init: z.literal(true).optional(),
    gpus: z.literal("all").optional(),
    shmSize: z.int().optional().describe("Bytes of /dev/shm"),
    ulimits: z.record(z.string(), z.object({ soft: z.int(), hard: z.int() })).optional(),
    extraHosts: z.record(z.string(), z.string()).optional().describe("Address by host name"),
    groups: presence.optional(),
    labels: z.record(z.string(), z.string()).optional(),
    stopSignal: z.string().optional(),
    readOnlyRoot: z.literal(true).optional(),
    resources: resourcesSpec.optional(),
  })
  .meta({ id: "ContainerSpec" });

export const volumeSpec = z.object({ driver: z.literal("local") });
export const networkSpec = z.object({ driver: z.literal("bridge") });

export const notice = z
  .object({
    code: z.string(),
    project: z.string().optional(),
    message: z.string(),
    hint: z.string().optional().describe("What to write or run about it"),
  })
  .meta({ id: "Notice" });
