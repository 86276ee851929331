import { z } from "zod";

import { hookPhase, hooksSpec, imageBuild } from "./devcontainer.ts";
import { address, containerSpec, networkSpec, resourcesSpec, volumeSpec } from "./spec.ts";

const reference = z
  .union([
    z.object({ id: z.string().describe("An object that exists") }),
    z.object({ created: z.int().describe("The result of the operation with this number") }),
  ])
  .meta({ id: "Reference" });

const image = z
  .union([
    z.object({ id: z.string() }),
    z.object({ pulled: z.string().describe("A reference that an earlier operation pulls") }),
  ])
  .meta({ id: "ImageReference" });

const aliases = z.array(z.string()).optional();

/** Engine calls by name: the arguments of each. */
const CALLS = {
  pull: { op: z.literal("image.pull"), reference: z.string() },
  build: { op: z.literal("image.build"), tag: z.string(), build: imageBuild },
  removeImage: { op: z.literal("image.remove"), reference: z.string() },
  createVolume: { op: z.literal("volume.create"), name: z.string(), spec: volumeSpec, owner: address },
  removeVolume: { op: z.literal("volume.remove"), name: z.string() },
  createNetwork: { op: z.literal("network.create"), name: z.string(), spec: networkSpec },
  removeNetwork: { op: z.literal("network.remove"), network: reference },
  connect: { op: z.literal("network.connect"), network: reference, container: reference, aliases },
  disconnect: { op: z.literal("network.disconnect"), network: reference, container: reference },
  create: {
    op: z.literal("container.create"),
    name: z.string(),
    image,
    spec: containerSpec,
    labels: z.record(z.string(), z.string()).optional().describe("By which tools for devcontainers find the container"),
  },
  start: { op: z.literal("container.start"), container: reference },
  unpause: { op: z.literal("container.unpause"), container: reference },
  wait: { op: z.literal("container.wait"), container: reference },
  beginHooks: { op: z.literal("hooks.begin"), container: reference, phases: z.array(hookPhase) },
  runHooks: { op: z.literal("hooks.run"), container: reference, phases: z.array(hookPhase), hooks: hooksSpec },
  endHooks: { op: z.literal("hooks.end"), container: reference },
  stop: { op: z.literal("container.stop"), container: reference },
  rename: { op: z.literal("container.rename"), container: reference, name: z.string() },
  update: { op: z.literal("container.update"), container: reference, resources: resourcesSpec },
  remove: { op: z.literal("container.remove"), container: reference },
};

/** All calls, each with further members. */
function callsWith<Members extends z.ZodRawShape>(members: Members) {
  return z.discriminatedUnion("op", [
    z.object({ ...CALLS.pull, ...members }),
    z.object({ ...CALLS.build, ...members }),
    z.object({ ...CALLS.removeImage, ...members }),
    z.object({ ...CALLS.createVolume, ...members }),
    z.object({ ...CALLS.removeVolume, ...members }),
    z.object({ ...CALLS.createNetwork, ...members }),
    z.object({ ...CALLS.removeNetwork, ...members }),
    z.object({ ...CALLS.connect, ...members }),
    z.object({ ...CALLS.disconnect, ...members }),
    z.object({ ...CALLS.create, ...members }),
    z.object({ ...CALLS.start, ...members }),
    z.object({ ...CALLS.unpause, ...members }),
    z.object({ ...CALLS.wait, ...members }),
    z.object({ ...CALLS.beginHooks, ...members }),
    z.object({ ...CALLS.runHooks, ...members }),
    z.object({ ...CALLS.endHooks, ...members }),
    z.object({ ...CALLS.stop, ...members }),
    z.object({ ...CALLS.rename, ...members }),
    z.object({ ...CALLS.update, ...members }),
    z.object({ ...CALLS.remove, ...members }),
  ]);
}

const call = callsWith({}).meta({ id: "Call" });

/** A numbered operation of a plan's graph. */
export const op = callsWith({
  n: z.int(),
  address,
  after: z.array(z.int()).describe("Operations that must have succeeded before"),
  cause: z.string(),
  undo: z.array(call).optional().describe("What undoes the change so far when this operation fails"),
}).meta({ id: "Operation" });
