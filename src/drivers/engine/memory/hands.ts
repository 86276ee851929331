import type { ContainerState } from "../engine.ts";
import type { ResourcesSpec } from "../../../model/spec.ts";
import * as containers from "./containers.ts";
import * as networks from "./networks.ts";
import { copyOf, addImage, conflict, needContainer, type State } from "./state.ts";
import type { MemoryImage } from "./types.ts";
import * as volumes from "./volumes.ts";
import type { Engine } from "../engine.ts";

/** What a person or another program does to the engine. Nothing here is logged, gated or made to fail. */
export type MemoryHands = {
  /** Also makes what real requests refuse: a second network of one name. */
  create: Pick<Engine, "createContainer" | "createNetwork" | "createVolume">;
  start(id: string): void;
  stop(id: string): void;
  kill(id: string): void;
  pause(id: string): void;
  /** Puts a container into a state that no request leads to: `dead`, `restarting`, `removing`. */
  setState(id: string, state: ContainerState): void;
  update(id: string, resources: ResourcesSpec): void;
  rename(id: string, name: string): void;
  removeContainer(id: string): void;
  connect(network: string, container: string): void;
  disconnect(network: string, container: string): void;
  /** Removes a network; what was attached keeps pointing at it. */
  removeNetwork(id: string): void;
  /** Removes a volume, also while containers have it. */
  removeVolume(name: string): void;
  /** Makes an image present; a reference that was there moves on. Gives the ID. */
  image(reference: string, image: MemoryImage): string;
  /** Takes a reference away; containers keep their image's ID, whose data goes when `withData`. */
  removeImage(reference: string, options?: { withData?: boolean }): void;
};

/** Hands on a state. */
export function createHands(state: State): MemoryHands {
  const step = (act: () => void): void => {
    containers.settle(state);
    act();
    containers.settle(state);
  };
  return {
    create: {
      createContainer: async (request) => containers.createContainer(state, copyOf(request)),
      createNetwork: async (request) => networks.addNetwork(state, request),
      createVolume: async (request) => volumes.createVolume(state, request),
    },
    start: (id) => step(() => containers.startContainer(state, id)),
    stop: (id) => step(() => containers.stopContainer(state, id)),
    kill: (id) =>
      step(() => {
        const container = needContainer(state, id);
        if (containers.isUp(container)) containers.end(state, container, 137);
      }),
    pause: (id) =>
      step(() => {
        const container = needContainer(state, id);
        if (container.state !== "running") throw conflict(`container ${container.name} is not running`, id);
        container.state = "paused";
        containers.announce(state, container, "pause");
      }),
    setState: (id, to) => step(() => void (needContainer(state, id).state = to)),
    update: (id, resources) => step(() => void (needContainer(state, id).resources = copyOf(resources))),
    rename: (id, name) => step(() => containers.renameContainer(state, id, name)),
    removeContainer: (id) => step(() => containers.removeContainer(state, id)),
    connect: (network, container) => step(() => networks.connectNetwork(state, network, container, undefined)),
    disconnect: (network, container) => step(() => networks.disconnectNetwork(state, network, container)),
    removeNetwork: (id) => step(() => void state.networks.delete(id)),
    removeVolume: (name) => step(() => volumes.dropVolume(state, name)),
    image: (reference, image) => addImage(state, reference, image),
    removeImage(reference, options = {}) {
      const id = state.references.get(reference) ?? reference;
      state.references.delete(reference);
      if (options.withData) state.images.delete(id);
    },
  };
}
