import { addressOf } from "../model/names.ts";
import { recordOf } from "./inventory.ts";
import type { Live } from "./live.ts";
import type { OwnedContainer } from "./ownership.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import { finishHooks, planStart, startHooks } from "./plan-hooks.ts";
import type { ContainerRef, NetworkRef } from "./plan-types.ts";
import type { SandboxCase, Step } from "./plan-sandbox.ts";

/** What a repair reads besides the case itself. */
export type RepairContext = { live: Live; builder: Pick<PlanBuilder, "providerOf"> };

/**
 * Plans everything that keeps the container: limits, attachments, start and stop. The name is settled by the caller.
 * A stop comes first: old Podman forgets at a stop what was updated before it.
 */
export function repair(step: Step, found: SandboxCase, current: OwnedContainer, context: RepairContext): void {
  const container = { id: current.container.id };
  const { before, after } = found.assessment ?? {};
  const wanted = before?.state === after?.state ? undefined : after?.state;
  if (wanted === "stopped") step("it should be stopped", { op: "container.stop", container });
  updateLimits(step, found, current);
  repairAttachments(step, found, current, context);
  const noted = found.hooksRecord !== undefined;
  if (wanted === "running" && before?.state !== "paused") {
    planStart(step, found.desired, { container, running: false, noted, removedBy: "nothing" });
    return;
  }
  if (wanted === "running") step("it is paused", { op: "container.unpause", container });
  if (hooksPending(found)) finishHooks(step, found.desired, container);
}

/** Whether commands are left to run in the container that is there, or their note is left of a devcontainer.json without any. */
export function hooksPending({ desired, hooksRecord }: SandboxCase): boolean {
  return hooksRecord !== undefined && (desired.state === "running" || startHooks(desired) === undefined);
}

/**
 * Labels are immutable, so the first in-place update of a container is recorded before it is made: the record tells every
 * later plan to read the limits instead of trusting the label, also when the manifest goes back to what the label says.
 */
function updateLimits(step: Step, found: SandboxCase, current: OwnedContainer): void {
  const container = { id: current.container.id };
  const { desired, assessment, record } = found;
  const changes = assessment?.patch.some(({ op, path }) => op !== "test" && path.startsWith("/resources"));
  if (!changes) return;
  if (!record) {
    step("labels cannot follow an update in place", {
      op: "volume.create",
      name: recordOf(current.container, desired.project),
      spec: { driver: "local" },
      owner: addressOf("record", desired.project),
    });
  }
  step("limits differ", { op: "container.update", container, resources: desired.spec.resources ?? {} });
}

function repairAttachments(step: Step, found: SandboxCase, current: OwnedContainer, context: RepairContext): void {
  const { spec } = found.desired;
  const wanted = spec.network.mode === "bridge" ? spec.network.networks : {};
  const container: ContainerRef = { id: current.container.id };
  for (const [name, { id }] of Object.entries(current.container.networks).toSorted()) {
    if (Object.hasOwn(wanted, name)) continue;
    // A container that never ran is attached by name only; engines take a name for an ID.
    const network = { id: id === "" ? name : id };
    step(`${name} is not declared`, { op: "network.disconnect", network, container });
  }
  for (const [name, { aliases }] of Object.entries(wanted).toSorted()) {
    if (Object.hasOwn(current.container.networks, name)) continue;
    const network = networkRef(name, context);
    step(`${name} is not attached`, { op: "network.connect", network, container, ...(aliases ? { aliases } : {}) });
  }
}

function networkRef(name: string, { live, builder }: RepairContext): NetworkRef {
  const present = live.networks.find((network) => network.name === name);
  if (present) return { id: present.id };
  const created = builder.providerOf(`network:${name}`);
  if (created === undefined) throw new Error(`internal: nothing provides network ${name}`);
  return { created };
}
