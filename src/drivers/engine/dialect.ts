import type { ResourcesSpec } from "../../model/spec.ts";
import type { ContainerCreate } from "./engine.ts";
import type { InspectRow } from "./inspect-row.ts";

/** What Docker and Podman do in different ways. Everything else is the same request to both. */
export type Dialect = {
  createContainer(request: ContainerCreate): Promise<{ id: string }>;
  updateContainer(id: string, resources: ResourcesSpec): Promise<void>;
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  /** The record of a container, made true where the engine's own is not. */
  settle(row: InspectRow): Promise<InspectRow>;
  /** Options of every network. */
  networkOptions: Record<string, string>;
  removeNetwork(id: string): Promise<void>;
};
