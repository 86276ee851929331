import { DevcError } from "../../../model/errors.ts";
import { sha256 } from "../../../model/json.ts";
import type { EngineFacts } from "../engine.ts";
import type { Broadcast } from "./events.ts";
import type { MemoryContainer, MemoryImage, MemoryNetwork, MemoryOptions, MemoryRules, MemoryVolume } from "./types.ts";

/** An exec that runs. */
export type RunningExec = { id: string; containerId: string; pid: number; command: string[]; abort: AbortController };

/** Everything a memory engine holds. Every client of one engine shares it. */
export type State = {
  readonly options: MemoryOptions;
  readonly rules: MemoryRules;
  readonly facts: EngineFacts;
  readonly containers: Map<string, MemoryContainer>;
  readonly networks: Map<string, MemoryNetwork>;
  readonly volumes: Map<string, MemoryVolume>;
  /** By ID. */
  readonly images: Map<string, MemoryImage>;
  /** Image IDs by reference. */
  readonly references: Map<string, string>;
  readonly execs: Map<string, RunningExec>;
  readonly broadcast: Broadcast;
  now(): number;
  /** A fresh 64-digit ID. */
  newId(): string;
  /** A fresh small number, for process IDs. */
  newPid(): number;
};

/** The ID of an image follows from its content and the reference it was first known by. */
function imageIdOf(reference: string, image: MemoryImage): string {
  return `sha256:${sha256(JSON.stringify([reference, image]))}`;
}

/** Makes an image present under a reference; a reference that was there moves on. */
export function addImage(state: State, reference: string, image: MemoryImage): string {
  const id = imageIdOf(reference, image);
  state.images.set(id, image);
  state.references.set(reference, id);
  return id;
}

/** The image behind a reference or ID. */
export function findImage(state: State, reference: string): { id: string; image: MemoryImage } | undefined {
  const id = state.references.get(reference) ?? reference;
  const image = state.images.get(id);
  return image && { id, image };
}

/** A container by ID or name. @throws not-found */
export function needContainer(state: State, id: string): MemoryContainer {
  const found = findContainer(state, id);
  if (!found) throw new DevcError("not-found", `no such container: ${id}`, { subject: id });
  return found;
}

/** A container by ID or name. */
export function findContainer(state: State, id: string): MemoryContainer | undefined {
  return state.containers.get(id) ?? [...state.containers.values()].find(({ name }) => name === id);
}

/** A network by ID or name. @throws not-found; engine-rejected when several networks have the name */
export function needNetwork(state: State, id: string): MemoryNetwork {
  const byId = state.networks.get(id);
  if (byId) return byId;
  const [found, second] = [...state.networks.values()].filter(({ name }) => name === id);
  if (second) throw rejected(`network ${id} is ambiguous`, id);
  if (!found) throw new DevcError("not-found", `network ${id} not found`, { subject: id });
  return found;
}

/** A 400 answer. */
export function rejected(message: string, subject: string): DevcError {
  return new DevcError("engine-rejected", message, { subject });
}

/** A 409 answer. */
export function conflict(message: string, subject: string): DevcError {
  return new DevcError("engine-conflict", message, { subject });
}

/** Names that engines accept (moby daemon/names). @throws engine-rejected */
export function checkName(name: string): void {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) throw rejected(`invalid name: ${JSON.stringify(name)}`, name);
}

/** A copy of plain data; several times faster than `structuredClone`, which is what most of a property test would wait for. */
export function copyOf<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(copyOf) as Value;
  if (value === null || typeof value !== "object") return value;
  const copy: Record<string, unknown> = {};
  for (const key in value) copy[key] = copyOf(value[key]);
  return copy as Value;
}
