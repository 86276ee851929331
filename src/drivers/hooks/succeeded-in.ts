import type { RemoteSpec } from "../../model/devcontainer/lifecycle.ts";
import type { Engine } from "../engine/engine.ts";
import { succeededPhases } from "./markers.ts";
import type { MarkedPhase } from "./markers.ts";
import { enterContainer } from "./remote-environment.ts";

/**
 * Phases whose commands have succeeded in a running container, as it is now.
 * @throws DevcError as `enterContainer`
 */
export async function succeededIn(
  engine: Engine,
  containerId: string,
  remote: RemoteSpec,
  reveal: (text: string) => string,
): Promise<Set<MarkedPhase>> {
  const { lifetime, user } = await enterContainer(engine, containerId, remote, reveal);
  return succeededPhases(engine, lifetime, user);
}
