import type { VolumeSpec } from "../../../model/spec.ts";
import type { LiveVolume, NamedCreate } from "../engine.ts";
import { copyOf, checkName, conflict, type State } from "./state.ts";

/** `POST /volumes/create`. */
export function createVolume(state: State, { name, labels, spec }: NamedCreate<VolumeSpec>): LiveVolume {
  checkName(name);
  const existing = state.volumes.get(name);
  if (existing) return copyOf(existing);
  const volume = { name, driver: spec.driver, labels: copyOf(labels) };
  state.volumes.set(name, volume);
  announce(state, name, "create");
  return copyOf(volume);
}

/** `DELETE /volumes/{name}`. */
export function removeVolume(state: State, name: string): void {
  if (!state.volumes.has(name)) return;
  const holder = [...state.containers.values()].find(({ spec }) =>
    Object.values(spec.mounts ?? {}).some((mount) => mount.type === "volume" && mount.source === name),
  );
  if (holder) throw conflict(`volume is in use: ${name} by ${holder.name}`, name);
  dropVolume(state, name);
}

/** Removes a volume, also under a container that has it. */
export function dropVolume(state: State, name: string): void {
  state.volumes.delete(name);
  announce(state, name, "destroy");
}

function announce(state: State, name: string, action: string): void {
  state.broadcast.send({ kind: "volume", action, id: name, name, labels: {}, time: state.now() });
}
