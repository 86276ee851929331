import { DevcError } from "../../../model/errors.ts";
import type { NetworkSpec } from "../../../model/spec.ts";
import type { NamedCreate } from "../engine.ts";
import { isUp } from "./containers.ts";
import { copyOf, checkName, conflict, needContainer, needNetwork, rejected, type State } from "./state.ts";

/** `POST /networks/create` with the check for duplicates. */
export function createNetwork(state: State, request: NamedCreate<NetworkSpec>): { id: string } {
  checkName(request.name);
  if ([...state.networks.values()].some(({ name }) => name === request.name)) {
    throw conflict(`network with name ${request.name} already exists`, request.name);
  }
  return addNetwork(state, request);
}

/** Makes a network, also under a name that is taken: two clients that create at once can do so on Docker 20.10. */
export function addNetwork(state: State, { name, labels, spec }: NamedCreate<NetworkSpec>): { id: string } {
  const id = state.newId();
  state.networks.set(id, { id, name, driver: spec.driver, labels: copyOf(labels) });
  announce(state, id, name, "create");
  return { id };
}

/** `DELETE /networks/{id}`. */
export function removeNetwork(state: State, id: string): void {
  const known = state.networks.has(id) || [...state.networks.values()].some(({ name }) => name === id);
  if (!known) return;
  const network = needNetwork(state, id);
  const holder = [...state.containers.values()].find(
    (container) =>
      (isUp(container) || state.rules.stoppedHoldNetworks) &&
      Object.values(container.networks).some((attached) => attached.id === network.id),
  );
  if (holder) throw conflict(`network ${network.name} has active endpoints (${holder.name})`, id);
  state.networks.delete(network.id);
  announce(state, network.id, network.name, "destroy");
}

/** `POST /networks/{id}/connect`. */
export function connectNetwork(
  state: State,
  networkId: string,
  containerId: string,
  aliases: string[] | undefined,
): void {
  const network = needNetwork(state, networkId);
  const container = needContainer(state, containerId);
  if (container.networkMode === "none") {
    throw rejected(`container ${container.name} has no network and cannot be connected to one`, containerId);
  }
  if (container.state === "dead" || container.state === "removing")
    throw conflict(`container is ${container.state}`, containerId);
  if (container.networks[network.name]) {
    throw conflict(`container ${container.name} is already connected to network ${network.name}`, containerId);
  }
  const bound = isUp(container) || !state.rules.bindsNetworksOnStart;
  container.networks[network.name] = {
    id: bound ? network.id : "",
    ...(aliases?.length ? { aliases: [...aliases] } : {}),
  };
  announce(state, network.id, network.name, "connect");
}

/** `POST /networks/{id}/disconnect`. */
export function disconnectNetwork(state: State, networkId: string, containerId: string): void {
  const network = needNetwork(state, networkId);
  const container = needContainer(state, containerId);
  const attached = container.networks[network.name];
  if (!attached || ![network.id, ""].includes(attached.id)) {
    const message = `container ${container.name} is not connected to network ${network.name}`;
    throw new DevcError("engine-error", message, { subject: containerId });
  }
  delete container.networks[network.name];
  announce(state, network.id, network.name, "disconnect");
}

function announce(state: State, id: string, name: string, action: string): void {
  state.broadcast.send({ kind: "network", action, id, name, labels: {}, time: state.now() });
}
