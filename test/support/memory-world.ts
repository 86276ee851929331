import type { Engine, ContainerState } from "../../src/drivers/engine/engine.ts";
import { createMemoryEngine } from "../../src/drivers/engine/memory/memory-engine.ts";
import type {
  MemoryEngine,
  MemoryImage,
  MemoryNetwork,
  MemoryRules,
  MemorySnapshot,
} from "../../src/drivers/engine/memory/types.ts";
import type { Desired, DesiredSandbox } from "../../src/model/desired.ts";
import { hashOf } from "../../src/model/hash.ts";
import { containerLabels, LABEL, plainLabels, type Origin } from "../../src/model/labels.ts";
import { addressOf, candidateName, containerName, formerName, volumeName } from "../../src/model/names.ts";
import type { ContainerSpec, ResourcesSpec } from "../../src/model/spec.ts";
import type { Clock } from "../../src/reconcile/clock.ts";
import type { ApplyEvent, Outcome } from "../../src/reconcile/events.ts";
import { execute, type ExecuteContext } from "../../src/reconcile/execute.ts";
import { observe } from "../../src/reconcile/observe.ts";
import type { Plan } from "../../src/reconcile/plan-types.ts";
import { plan, type PlanOptions } from "../../src/reconcile/plan.ts";
import { compileProjects, type Projects } from "./arbitrary.ts";
import { fakeHooks, NO_TOOLS } from "./execute-tools.ts";
import type { FakeHooks } from "./execute-tools.ts";
import { ORIGIN } from "./workspace.ts";

/** Something that happened to the engine after the last apply; does nothing when what it is about is not there. */
export type Deed =
  | {
      deed: "stop" | "kill" | "pause" | "remove" | "rename" | "disconnect" | "connect" | "dead" | "restarting";
      project: string;
    }
  | { deed: "update"; project: string; resources: ResourcesSpec }
  | { deed: "removeVolume"; project: string; volume: string }
  | { deed: "removeNetwork"; project: string }
  | { deed: "moveTag"; reference: string }
  | { deed: "untag"; reference: string; withData: boolean };

/** A container that carries all labels of a sandbox, under one of the names that devc gives. */
export type Leftover = {
  project: string;
  role: "final" | "next" | "prev";
  spec: "desired" | "before" | "other";
  state: ContainerState;
};

/** Something that is not ours. `label` picks the one of nine that is missing. */
export type Stranger =
  | {
      kind: "container";
      project: string;
      looks:
        | "plain"
        | "labelKeyMissing"
        | "fromLabelledImage"
        | "wrongHash"
        | "brokenSpec"
        | "otherWorkspace"
        | "noSandbox";
      label: number;
      state: "created" | "running" | "exited";
    }
  | { kind: "volume" | "network"; project: string; looks: "plain" | "labelKeyMissing" | "wrongName" | "wrongHash" };

/** How an engine came to hold what it holds, as data: the same world can be built again. */
export type World = {
  rules: MemoryRules;
  before: Projects;
  deeds: Deed[];
  leftovers: Leftover[];
  strangers: Stranger[];
};

/** A world in which nothing happened yet. */
export const EMPTY_WORLD: World = {
  rules: { stoppedHoldNetworks: false, bindsNetworksOnStart: true },
  before: {},
  deeds: [],
  leftovers: [],
  strangers: [],
};

/** The container an image was committed from: it carries the whole label set of a sandbox of ours. */
const COMMITTED_SPEC: ContainerSpec = { image: "debian:12", network: { mode: "none" } };
const COMMITTED_LABELS = containerLabels({ ...ORIGIN, generation: "01COMMITTED" }, "sandbox/p0", COMMITTED_SPEC);

const PRESENT: Record<string, MemoryImage> = {
  "debian:12": {},
  "debian:13": { env: { PATH: "/usr/bin" }, user: "root" },
  "checked:1": { process: { health: { becomes: "healthy", after: 700 } } },
  "labelled:1": { labels: COMMITTED_LABELS },
  "fails:exits": { process: { exits: { code: 3 }, prints: ["no configuration"] } },
  "fails:unhealthy": { process: { health: { becomes: "unhealthy", after: 100 }, prints: ["port is closed"] } },
  "fails:start": { process: { failsToStart: "exec format error" } },
};

const REGISTRY: Record<string, MemoryImage> = { ...PRESENT, "registry.test/pulled:1": { env: { PULLED: "1" } } };

/** Time that passes only when somebody sleeps. */
function createFakeClock(): Clock {
  let now = 1_700_000_000_000;
  return {
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      now += ms;
      await Promise.resolve();
    },
  };
}

/** An engine in a known state, and what an apply on it needs. */
export type Scene = {
  engine: MemoryEngine;
  clock: Clock;
  /** IDs of containers and networks and names of volumes that are not ours. */ strangers: Set<string>;
  /** Runs the commands of devcontainer.json files. */
  hooks: FakeHooks;
};

/** Builds a world: applies what was applied before, then lets everything happen to it that is told. */
export async function buildWorld(world: World, desired: Desired): Promise<Scene> {
  const clock = createFakeClock();
  const engine = createMemoryEngine({
    clock,
    images: PRESENT,
    registry: REGISTRY,
    hostPaths: ["/src/a", "/src/b"],
    rules: world.rules,
  });
  const strangers = new Set<string>();
  const scene: Scene = { engine, clock, strangers, hooks: fakeHooks() };
  const before = compileProjects(world.before);
  if (Object.keys(world.before).length > 0) await applyOnce(scene, before, { generation: "01BEFORE" });
  for (const leftover of world.leftovers) await leave(scene, leftover, desired, before);
  for (const [index, stranger] of world.strangers.entries()) strangers.add(await invite(engine, stranger, index));
  for (const deed of world.deeds) commit(engine, deed);
  engine.clearCalls();
  return scene;
}

/** Options of one apply. */
export type ApplyOptions = PlanOptions & {
  generation?: string;
  refresh?: boolean;
  /** The client that applies; the scene's own engine otherwise. */
  client?: MemoryEngine;
  emit?: (event: ApplyEvent) => void;
} & Pick<Partial<ExecuteContext>, "parallelism" | "signal">;

/** One round as the CLI makes it: observe, plan, execute. Nothing is confirmed: guards are the business of the caller. */
export async function applyOnce(
  scene: Scene,
  desired: Desired,
  options: ApplyOptions = {},
): Promise<{ plan: Plan; outcome: Outcome }> {
  const {
    generation = "02APPLY",
    refresh,
    client = scene.engine,
    emit = () => {},
    parallelism,
    signal,
    ...asked
  } = options;
  const made = await planOnce(client, desired, { allowDelete: 100, ...asked }, refresh);
  const outcome = await execute(made, {
    engine: client,
    origin: { ...ORIGIN, generation },
    clock: scene.clock,
    emit,
    ...NO_TOOLS,
    runHooks: scene.hooks.runHooks,
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(signal === undefined ? {} : { signal }),
  });
  return { plan: made, outcome };
}

/** Observes and plans. */
export async function planOnce(
  engine: Engine,
  desired: Desired,
  options: PlanOptions = {},
  refresh = false,
): Promise<Plan> {
  return plan(desired, await observe(engine, desired, { refresh }), { allowDelete: 100, ...options });
}

/** Whether a plan has nothing to do. */
export function isEmpty({ changes, ops }: Plan): boolean {
  return ops.length === 0 && changes.every(({ action, guards }) => action === "none" || guards.length > 0);
}

/** Applies until nothing is left to do, at most `rounds` times; gives the number of rounds that did something. */
export async function converge(
  scene: Scene,
  desired: Desired,
  rounds: number,
  options: ApplyOptions = {},
): Promise<number> {
  for (let round = 0; round < rounds; round += 1) {
    const made = await planOnce(scene.engine, desired, options, options.refresh);
    if (isEmpty(made)) return round;
    await applyOnce(scene, desired, options);
  }
  return rounds;
}

/** Lets so much time pass that every process has exited that will and every health check has settled. */
export async function letTimePass({ clock }: Scene): Promise<void> {
  await clock.sleep(3_600_000);
}

/** Sandboxes of a workspace. */
export function sandboxesOf(desired: Desired): DesiredSandbox[] {
  return desired.resources.filter((resource): resource is DesiredSandbox => resource.kind === "sandbox");
}

async function leave(scene: Scene, leftover: Leftover, desired: Desired, before: Desired): Promise<void> {
  const { engine } = scene;
  const address = addressOf("sandbox", leftover.project);
  const find = (from: Desired): DesiredSandbox | undefined => sandboxesOf(from).find((one) => one.address === address);
  const wanted = find(desired) ?? find(before);
  if (!wanted) return;
  const specs = {
    desired: wanted.spec,
    before: find(before)?.spec ?? wanted.spec,
    other: { ...wanted.spec, env: { OTHER: "1" } },
  };
  const spec = specs[leftover.spec];
  const final = containerName(ORIGIN.workspace, leftover.project);
  const name = { final, next: candidateName(final), prev: formerName(final) }[leftover.role];
  const image = await engine.inspectImage(spec.image);
  if (engine.snapshot().containers.some((container) => container.name === name) || !image) return;
  const origin: Origin = { ...ORIGIN, generation: "01CRASHED" };
  if (spec.network.mode === "bridge" && !engine.snapshot().networks.some((network) => network.name === final)) {
    const labels = plainLabels(origin, addressOf("network", leftover.project), { driver: "bridge" });
    await engine.hands.create.createNetwork({ name: final, labels, spec: { driver: "bridge" } });
  }
  const volumes = Object.entries(spec.mounts ?? {}).flatMap(([target, mount]) =>
    mount.type === "volume" ? [[target.slice("/data/".length), mount.source] as const] : [],
  );
  for (const [volume, source] of volumes) {
    const labels = plainLabels(origin, addressOf("volume", leftover.project, volume), { driver: "local" });
    await engine.hands.create.createVolume({ name: source, labels, spec: { driver: "local" } });
  }
  const { id } = await engine.hands.create.createContainer({
    name,
    imageId: image.id,
    labels: containerLabels(origin, address, spec),
    spec,
  });
  if (leftover.state === "created") return;
  engine.hands.start(id);
  if (leftover.state === "exited") engine.hands.stop(id);
  if (leftover.state === "paused") engine.hands.pause(id);
  if (leftover.state === "dead" || leftover.state === "restarting") engine.hands.setState(id, leftover.state);
}

/** Makes something that is not ours and gives its ID, or its name when it is a volume. */
async function invite(engine: MemoryEngine, stranger: Stranger, index: number): Promise<string> {
  const { project, kind, looks } = stranger;
  const name = `stranger-${index}`;
  if (kind !== "container") {
    const address = kind === "volume" ? addressOf("volume", project, "cache") : addressOf("network", project);
    const spec = kind === "volume" ? ({ driver: "local" } as const) : ({ driver: "bridge" } as const);
    const labels: Record<string, string> = looks === "plain" ? {} : plainLabels(ORIGIN, address, spec);
    if (looks === "labelKeyMissing") delete labels[LABEL.generation];
    if (looks === "wrongHash") labels[LABEL.core] = "v1:0000";
    const { createNetwork, createVolume } = engine.hands.create;
    if (spec.driver === "bridge") return (await createNetwork({ name, labels, spec })).id;
    await createVolume({ name, labels, spec });
    return name;
  }
  const imageId = (await engine.inspectImage(looks === "fromLabelledImage" ? "labelled:1" : "debian:12"))?.id ?? "";
  const { id } = await engine.hands.create.createContainer({
    name,
    imageId,
    labels: strangeLabels(stranger),
    spec: COMMITTED_SPEC,
  });
  if (stranger.state !== "created") engine.hands.start(id);
  if (stranger.state === "exited") engine.hands.stop(id);
  return id;
}

function strangeLabels(stranger: Stranger & { kind: "container" }): Record<string, string> {
  const labels = containerLabels(ORIGIN, addressOf("sandbox", stranger.project), COMMITTED_SPEC);
  switch (stranger.looks) {
    case "plain":
    case "fromLabelledImage":
      return {};
    case "labelKeyMissing":
      delete labels[Object.values(LABEL)[stranger.label] ?? LABEL.workspace];
      return labels;
    case "wrongHash":
      return { ...labels, [LABEL.core]: hashOf("core", { ...COMMITTED_SPEC, user: "nobody" }) };
    case "brokenSpec":
      return { ...labels, [LABEL.spec]: "{" };
    case "otherWorkspace":
      return { ...labels, [LABEL.workspace]: "somebody-else" };
    case "noSandbox":
      return { ...labels, [LABEL.address]: `volume/${stranger.project}/cache` };
  }
}

/** Lets something happen to the engine. */
export function commit(engine: MemoryEngine, deed: Deed): void {
  const { hands } = engine;
  switch (deed.deed) {
    case "moveTag":
      if (engine.snapshot().references[deed.reference]) hands.image(deed.reference, { env: { MOVED: "1" } });
      return;
    case "untag":
      return hands.removeImage(deed.reference, { withData: deed.withData });
    case "removeVolume":
      return hands.removeVolume(volumeName(ORIGIN.workspace, deed.project, deed.volume));
    case "removeNetwork": {
      const network = networkOf(engine, deed.project);
      return network && hands.removeNetwork(network.id);
    }
    default:
      return commitToContainer(engine, deed);
  }
}

function networkOf(engine: MemoryEngine, project: string): MemoryNetwork | undefined {
  return engine.snapshot().networks.find(({ name }) => name === containerName(ORIGIN.workspace, project));
}

type ContainerDeed = Exclude<Deed, { deed: "removeVolume" | "removeNetwork" | "moveTag" | "untag" }>;
type Hand = (at: {
  engine: MemoryEngine;
  container: MemorySnapshot["containers"][number];
  deed: ContainerDeed;
}) => void;

const CONTAINER_DEEDS: Record<ContainerDeed["deed"], Hand> = {
  stop: ({ engine, container }) => engine.hands.stop(container.id),
  kill: ({ engine, container }) => engine.hands.kill(container.id),
  pause: ({ engine, container }) => container.state === "running" && engine.hands.pause(container.id),
  remove: ({ engine, container }) => engine.hands.removeContainer(container.id),
  rename({ engine, container, deed }) {
    const name = `${deed.project}-mine`;
    if (!engine.snapshot().containers.some((one) => one.name === name)) engine.hands.rename(container.id, name);
  },
  disconnect({ engine, container, deed }) {
    const network = networkOf(engine, deed.project);
    if (network && ["", network.id].includes(container.networks[network.name]?.id ?? "-"))
      engine.hands.disconnect(network.id, container.id);
  },
  connect({ engine, container }) {
    const other = engine.snapshot().networks.find(({ name }) => !container.networks[name]);
    const can = container.networkMode === "bridge" && container.state !== "dead";
    if (other && can) engine.hands.connect(other.id, container.id);
  },
  dead: ({ engine, container }) => engine.hands.setState(container.id, "dead"),
  restarting: ({ engine, container }) => engine.hands.setState(container.id, "restarting"),
  update: ({ engine, container, deed }) => "resources" in deed && engine.hands.update(container.id, deed.resources),
};

function commitToContainer(engine: MemoryEngine, deed: ContainerDeed): void {
  const name = containerName(ORIGIN.workspace, deed.project);
  const container = engine.snapshot().containers.find((one) => one.name === name);
  if (container) CONTAINER_DEEDS[deed.deed]({ engine, container, deed });
}
