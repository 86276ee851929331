import { sha256 } from "../../../model/json.ts";
import { LABEL } from "../../../model/labels.ts";
import type { Engine, EngineFacts } from "../engine.ts";
import * as containers from "./containers.ts";
import { createBroadcast } from "./events.ts";
import * as execs from "./exec.ts";
import { createCallDesk, type CallDesk } from "./faults.ts";
import { createHands } from "./hands.ts";
import * as images from "./images.ts";
import * as networks from "./networks.ts";
import { copyOf, addImage, findContainer, needContainer, type State } from "./state.ts";
import type { MemoryEngine, MemoryOptions } from "./types.ts";
import * as views from "./views.ts";
import * as volumes from "./volumes.ts";

/** How a method reaches the state. */
type Call = CallDesk["perform"];

const FACTS: EngineFacts = {
  id: "memory",
  name: "Memory",
  version: "1",
  apiVersion: "1.44",
  cpus: 4,
  memory: 16 * 1024 ** 3,
  os: "linux",
  architecture: "x86_64",
  gpu: false,
};

/**
 * An engine that keeps everything in memory, for tests: the rules of the real ones (names, 404 and 409 answers, objects in
 * use, inheritance from images, default filling, immutable labels), deterministic IDs, a log of calls and faults on demand.
 */
export function createMemoryEngine(options: MemoryOptions): MemoryEngine {
  let issued = 0;
  let pid = 100;
  const state: State = {
    options,
    rules: { stoppedHoldNetworks: false, bindsNetworksOnStart: true, ...options.rules },
    facts: { ...FACTS, ...options.facts },
    containers: new Map(),
    networks: new Map(),
    volumes: new Map(),
    images: new Map(),
    references: new Map(),
    execs: new Map(),
    broadcast: createBroadcast(),
    now: () => options.clock.now(),
    newId: () => sha256(`${options.seed ?? ""}:${(issued += 1)}`),
    newPid: () => (pid += 1),
  };
  for (const [reference, image] of Object.entries(options.images ?? {})) addImage(state, reference, image);
  return createClient(state);
}

function createClient(state: State): MemoryEngine {
  const { perform, ...desk } = createCallDesk();
  const call: Call = (method, args, effect) =>
    perform(method, args, () => {
      containers.settle(state);
      return effect();
    });
  return {
    ...desk,
    ...questions(state, call),
    ...containerChanges(state, call),
    ...otherChanges(state, call),
    endpoint: "memory://",
    hands: createHands(state),
    client: () => createClient(state),
    snapshot: () => {
      containers.settle(state);
      return views.snapshotOf(state);
    },
    events: ({ signal }) => state.broadcast.subscribe(signal),
    close: () => {},
  };
}

type Questions =
  | "facts"
  | "listContainers"
  | "listNetworks"
  | "listVolumes"
  | "inspectImage"
  | "inspectContainer"
  | "logTail"
  | "listExecs";

function questions(state: State, call: Call): Pick<Engine, Questions> {
  /** The result is a copy: what a caller does to it never reaches the engine. */
  const copied: Call = (method, args, effect) => call(method, args, () => copyOf(effect()));
  return {
    facts: (options) => copied("facts", [options], () => state.facts),
    listContainers: (filter) =>
      copied("listContainers", [filter], () =>
        [...state.containers.values()].filter(inWorkspace(filter)).map(views.listEntry),
      ),
    listNetworks: (filter) =>
      copied("listNetworks", [filter], () => [...state.networks.values()].filter(inWorkspace(filter))),
    listVolumes: (filter) =>
      copied("listVolumes", [filter], () => [...state.volumes.values()].filter(inWorkspace(filter))),
    inspectImage: (reference) => copied("inspectImage", [reference], () => images.inspectImage(state, reference)),
    inspectContainer: (id) =>
      copied("inspectContainer", [id], () => {
        const container = findContainer(state, id);
        return container && views.detailOf(container);
      }),
    logTail: (id, lines) =>
      copied("logTail", [id, lines], () => (lines > 0 ? needContainer(state, id).output.slice(-lines) : [])),
    listExecs: (containerId) => copied("listExecs", [containerId], () => execs.listExecs(state, containerId)),
  };
}

function inWorkspace(filter?: {
  workspace?: string;
  label?: string;
}): (object: { labels: Record<string, string> }) => boolean {
  return ({ labels }) =>
    (filter?.workspace === undefined || labels[LABEL.workspace] === filter.workspace) &&
    (filter?.label === undefined || labels[filter.label] !== undefined);
}

type ContainerChanges =
  | "createContainer"
  | "startContainer"
  | "stopContainer"
  | "unpauseContainer"
  | "removeContainer"
  | "renameContainer"
  | "updateContainer"
  | "exec";

function containerChanges(state: State, call: Call): Pick<Engine, ContainerChanges> {
  return {
    createContainer: (request) =>
      call("createContainer", [request], () => containers.createContainer(state, copyOf(request))),
    startContainer: (id) => call("startContainer", [id], () => containers.startContainer(state, id)),
    stopContainer: (id, options) => call("stopContainer", [id, options], () => containers.stopContainer(state, id)),
    unpauseContainer: (id) => call("unpauseContainer", [id], () => containers.unpauseContainer(state, id)),
    removeContainer: (id) => call("removeContainer", [id], () => containers.removeContainer(state, id)),
    renameContainer: (id, name) =>
      call("renameContainer", [id, name], () => containers.renameContainer(state, id, name)),
    updateContainer: (id, resources) =>
      call("updateContainer", [id, resources], () => containers.updateContainer(state, id, resources)),
    exec: (containerId, request) => call("exec", [containerId, request], () => execs.exec(state, containerId, request)),
  };
}

type OtherChanges =
  | "pullImage"
  | "buildImage"
  | "removeImage"
  | "createNetwork"
  | "removeNetwork"
  | "connectNetwork"
  | "disconnectNetwork"
  | "createVolume"
  | "removeVolume";

function otherChanges(state: State, call: Call): Pick<Engine, OtherChanges> {
  return {
    pullImage: (reference, options) =>
      call("pullImage", [reference], () => images.pullImage(state, reference, options)),
    buildImage: (request) => call("buildImage", [request.tag], () => images.buildImage(state, request)),
    removeImage: (reference) => call("removeImage", [reference], () => images.removeImage(state, reference)),
    createNetwork: (request) => call("createNetwork", [request], () => networks.createNetwork(state, request)),
    removeNetwork: (id) => call("removeNetwork", [id], () => networks.removeNetwork(state, id)),
    connectNetwork: (networkId, containerId, options) =>
      call("connectNetwork", [networkId, containerId, options], () =>
        networks.connectNetwork(state, networkId, containerId, options.aliases),
      ),
    disconnectNetwork: (networkId, containerId) =>
      call("disconnectNetwork", [networkId, containerId], () =>
        networks.disconnectNetwork(state, networkId, containerId),
      ),
    createVolume: (request) => call("createVolume", [request], () => volumes.createVolume(state, request)),
    removeVolume: (name) => call("removeVolume", [name], () => volumes.removeVolume(state, name)),
  };
}
