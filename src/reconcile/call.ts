import type { Engine, LiveVolume } from "../drivers/engine/engine.ts";
import { BUILD_LABEL } from "../model/devcontainer/build.ts";
import { DevcError } from "../model/errors.ts";
import { reveal, revealAll } from "../model/host-values.ts";
import { containerLabels, plainLabels } from "../model/labels.ts";
import type { Origin } from "../model/labels.ts";
import { addressOf, hooksRecordName, parseAddress } from "../model/names.ts";
import type { Address } from "../model/names.ts";
import type { Clock } from "./clock.ts";
import type { RunHooks } from "./hook-runner.ts";
import type { BuildImage } from "./image-builder.ts";
import { claimVolume } from "./ownership.ts";
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
  /** One line a build or a command prints. */
  onOutput: (line: string) => void;
  buildImage: BuildImage;
  runHooks: RunHooks;
  /** Values of the host by the placeholders that stand for them in specs. */
  hostValues: Readonly<Record<string, string>>;
};

/** Calls about one kind of thing: `container.create`, `container.start`, … */
type CallOf<Thing extends string> = Extract<OpCall, { op: `${Thing}.${string}` }>;

/** Makes the one engine call an operation stands for. Decides nothing. Returns the ID of what it created. */
export async function perform(call: OpCall, address: Address, context: CallContext): Promise<string | undefined> {
  if (isAbout(call, "container")) return performContainer(call, address, context);
  if (isAbout(call, "network")) return performNetwork(call, address, context);
  if (isAbout(call, "volume")) await performVolume(call, context);
  else if (isAbout(call, "image")) await performImage(call, address, context);
  else await performHooks(call, address, context);
  return undefined;
}

function isAbout<Thing extends string>(call: OpCall, thing: Thing): call is CallOf<Thing> {
  return call.op.startsWith(`${thing}.`);
}

async function performImage(call: CallOf<"image">, address: Address, context: CallContext): Promise<void> {
  switch (call.op) {
    case "image.pull":
      return pull(call.reference, context);
    case "image.build":
      return build(call, address, context);
    case "image.remove":
      return context.engine.removeImage(call.reference);
  }
}

async function performVolume(call: CallOf<"volume">, { engine, origin }: CallContext): Promise<void> {
  if (call.op === "volume.remove") return engine.removeVolume(call.name);
  const { name, spec, owner } = call;
  return requireOurs(
    await engine.createVolume({ name, spec, labels: plainLabels(origin, owner, spec) }),
    owner,
    origin,
  );
}

async function performNetwork(
  call: CallOf<"network">,
  address: Address,
  context: CallContext,
): Promise<string | undefined> {
  const { engine, origin } = context;
  if (call.op === "network.create") {
    const { name, spec } = call;
    return (await engine.createNetwork({ name, spec, labels: plainLabels(origin, address, spec) })).id;
  }
  const network = resolve(call.network, context);
  if (call.op === "network.remove") {
    await engine.removeNetwork(network);
    return undefined;
  }
  const container = resolve(call.container, context);
  if (call.op === "network.disconnect") await engine.disconnectNetwork(network, container);
  else await engine.connectNetwork(network, container, call.aliases ? { aliases: call.aliases } : {});
  return undefined;
}

async function performContainer(
  call: CallOf<"container">,
  address: Address,
  context: CallContext,
): Promise<string | undefined> {
  if (call.op === "container.create") return createContainer(call, address, context);
  await changeContainer(call, resolve(call.container, context), context);
  return undefined;
}

async function createContainer(
  { name, image, spec, labels: given }: CallOf<"container"> & { op: "container.create" },
  address: Address,
  { engine, origin, hostValues }: CallContext,
): Promise<string> {
  const imageId = await imageIdOf(image, engine);
  const labels = { ...given, ...containerLabels(origin, addressOf("sandbox", projectOf(address)), spec) };
  const revealed = spec.env ? { ...spec, env: revealAll(spec.env, hostValues) } : spec;
  return (await engine.createContainer({ name, imageId, labels, spec: revealed })).id;
}

async function changeContainer(
  call: Exclude<CallOf<"container">, { op: "container.create" }>,
  id: string,
  context: CallContext,
): Promise<void> {
  const { engine } = context;
  switch (call.op) {
    case "container.start":
      return engine.startContainer(id);
    case "container.unpause":
      return engine.unpauseContainer(id);
    case "container.wait":
      return waitUntilReady(id, context);
    case "container.stop":
      return engine.stopContainer(id, { graceSeconds: STOP_GRACE_SECONDS });
    case "container.rename":
      return engine.renameContainer(id, call.name);
    case "container.update":
      return engine.updateContainer(id, call.resources);
    case "container.remove":
      return engine.removeContainer(id);
  }
}

async function performHooks(call: CallOf<"hooks">, address: Address, context: CallContext): Promise<void> {
  const container = resolve(call.container, context);
  const { engine, origin } = context;
  switch (call.op) {
    case "hooks.begin":
      return noteHooks(container, address, context);
    case "hooks.run":
      return runHooks(call, container, address, context);
    case "hooks.end":
      return engine.removeVolume(hooksRecordName(origin.workspace, projectOf(address), container));
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

function projectOf(address: Address): string {
  const parsed = parseAddress(address);
  if (!parsed) throw new Error(`internal: ${address} is no address`);
  return parsed.project;
}

async function build(
  call: CallOf<"image"> & { op: "image.build" },
  address: Address,
  context: CallContext,
): Promise<void> {
  const { engine, origin, signal, onOutput } = context;
  const labels = {
    [BUILD_LABEL.workspace]: origin.workspace,
    [BUILD_LABEL.root]: origin.root,
    [BUILD_LABEL.address]: address,
  };
  await context.buildImage(engine, call.tag, call.build, { labels, onOutput, signal });
}

/** Made before the container can run; an empty volume shows in a list that every plan makes anyway. */
async function noteHooks(containerId: string, address: Address, { engine, origin }: CallContext): Promise<void> {
  const project = projectOf(address);
  const owner = addressOf("hooks", project);
  const spec = { driver: "local" } as const;
  const name = hooksRecordName(origin.workspace, project, containerId);
  requireOurs(await engine.createVolume({ name, spec, labels: plainLabels(origin, owner, spec) }), owner, origin);
}

async function runHooks(
  { hooks, phases }: CallOf<"hooks"> & { op: "hooks.run" },
  containerId: string,
  address: Address,
  context: CallContext,
): Promise<void> {
  const { engine, signal, onOutput, hostValues } = context;
  await context.runHooks(engine, {
    containerId,
    project: projectOf(address),
    hooks,
    phases,
    reveal: (text) => reveal(text, hostValues),
    onOutput: (phase, name, line) => onOutput(`[${name === undefined ? phase : `${phase}:${name}`}] ${line}`),
    signal,
  });
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
