import type { Engine, LiveVolume } from "../drivers/engine/engine.ts";
import { DevcError } from "../model/errors.ts";
import { containerLabels, plainLabels } from "../model/labels.ts";
import type { Origin } from "../model/labels.ts";
import { addressOf, parseAddress } from "../model/names.ts";
import type { Address } from "../model/names.ts";
import { claimVolume } from "./ownership.ts";
import type { Clock } from "./clock.ts";
import type { ContainerRef, ImageRef, NetworkRef, OpCall } from "./plan-types.ts";

/** Seconds a sandbox gets between its stop signal and the kill; Docker's own default. */
const STOP_GRACE_SECONDS = 10;
/** Lines of a failed candidate's output that the error keeps. */
const FAILURE_LOG_LINES = 50;
/** Milliseconds a health check may take before the candidate counts as failed. */
const HEALTH_TIMEOUT_MS = 120_000;

/** What operations work with. */
export type CallContext = {
  engine: Engine;
  origin: Origin;
  clock: Clock;
  signal: AbortSignal;
  /** IDs that earlier operations produced, by operation number. */
  created: Map<number, string>;
  onProgress: (status: string, current: number, total: number) => void;
};

/** Makes the one engine call an operation stands for. Decides nothing. Returns the ID of what it created. */
export async function perform(call: OpCall, address: Address, context: CallContext): Promise<string | undefined> {
  const { engine } = context;
  const container = "container" in call ? resolve(call.container, context) : "";
  const network = "network" in call ? resolve(call.network, context) : "";
  switch (call.op) {
    case "image.pull":
      await pull(call.reference, context);
      return undefined;
    case "volume.create": {
      const labels = plainLabels(context.origin, call.owner, call.spec);
      requireOurs(await engine.createVolume({ name: call.name, spec: call.spec, labels }), call.owner, context.origin);
      return undefined;
    }
    case "volume.remove":
      await engine.removeVolume(call.name);
      return undefined;
    case "network.create": {
      const labels = plainLabels(context.origin, address, call.spec);
      return (await engine.createNetwork({ name: call.name, spec: call.spec, labels })).id;
    }
    case "network.remove":
      await engine.removeNetwork(network);
      return undefined;
    case "network.connect":
      await engine.connectNetwork(network, container, call.aliases ? { aliases: call.aliases } : {});
      return undefined;
    case "network.disconnect":
      await engine.disconnectNetwork(network, container);
      return undefined;
    case "container.create": {
      const { name, spec } = call;
      const imageId = await imageIdOf(call.image, engine);
      const labels = containerLabels(context.origin, sandboxOf(address), spec);
      return (await engine.createContainer({ name, imageId, labels, spec })).id;
    }
    case "container.start":
      await engine.startContainer(container);
      return undefined;
    case "container.unpause":
      await engine.unpauseContainer(container);
      return undefined;
    case "container.wait":
      await waitUntilReady(container, context);
      return undefined;
    case "container.stop":
      await engine.stopContainer(container, { graceSeconds: STOP_GRACE_SECONDS });
      return undefined;
    case "container.rename":
      await engine.renameContainer(container, call.name);
      return undefined;
    case "container.update":
      await engine.updateContainer(container, call.resources);
      return undefined;
    case "container.remove":
      await engine.removeContainer(container);
      return undefined;
  }
}

/** Creating a volume succeeds when one of its name exists: nobody else's may end up in a sandbox. */
function requireOurs(volume: LiveVolume, address: Address, origin: Origin): void {
  const claim = claimVolume(origin, volume);
  if (claim.ours && claim.address === address) return;
  throw new DevcError("engine-conflict", `volume ${volume.name} exists and was not made by devc for ${address}`, {
    subject: volume.name,
    hint: "remove or rename that volume, or give the project's volume another name",
  });
}

function resolve(ref: ContainerRef | NetworkRef, { created }: CallContext): string {
  if ("id" in ref) return ref.id;
  const id = created.get(ref.created);
  if (id === undefined) throw new Error(`internal: operation ${ref.created} has not produced anything`);
  return id;
}

function sandboxOf(address: Address): Address {
  const parsed = parseAddress(address);
  if (!parsed) throw new Error(`internal: ${address} is no address`);
  return addressOf("sandbox", parsed.project);
}

async function imageIdOf(image: ImageRef, engine: Engine): Promise<string> {
  if ("id" in image) return image.id;
  const pulled = await engine.inspectImage(image.pulled);
  if (pulled) return pulled.id;
  throw new DevcError("image-not-found", `${image.pulled} was pulled and is not there`, { subject: image.pulled });
}

async function pull(reference: string, { engine, signal, onProgress }: CallContext): Promise<void> {
  await engine.pullImage(reference, {
    signal,
    onProgress: ({ status, current, total }) => onProgress(status, current, total),
  });
}

/** Ready: it runs, and it is healthy when its image has a health check. A container that stops has failed. */
async function waitUntilReady(id: string, { engine, clock, signal }: CallContext): Promise<void> {
  const deadline = clock.now() + HEALTH_TIMEOUT_MS;
  for (let pause = 50; ; pause = Math.min(pause * 2, 1_000)) {
    const detail = await engine.inspectContainer(id);
    if (!detail)
      throw new DevcError("container-failed", "the container was removed while devc waited for it", { subject: id });
    const { state, health } = detail.container;
    if (state === "running" && (health === "none" || health === "healthy")) return;
    const late = clock.now() > deadline;
    const over = state === "exited" || state === "dead" || state === "removing";
    if (over || health === "unhealthy" || late) {
      const what = over
        ? `it ended with status ${detail.exitCode}`
        : late
          ? "it did not become healthy in time"
          : "it is unhealthy";
      const log = await engine.logTail(id, FAILURE_LOG_LINES);
      const details = [...(detail.error ? [detail.error] : []), ...log];
      throw new DevcError("container-failed", `${detail.container.name} is not ready: ${what}`, {
        subject: id,
        details,
      });
    }
    await clock.sleep(pause, signal);
  }
}
