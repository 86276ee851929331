import { compare } from "fast-json-patch";

import type { LiveVolume } from "../drivers/engine/engine.ts";
import type { DesiredSandbox } from "../model/desired.ts";
import { LABEL } from "../model/labels.ts";
import { candidateName, formerName } from "../model/names.ts";
import { securityDelta } from "../model/posture.ts";
import type { ContainerSpec } from "../model/spec.ts";
import { assess, viewOfDesired } from "./assess.ts";
import type { Assessment } from "./assess.ts";
import { settle } from "./leftovers.ts";
import type { Settlement } from "./leftovers.ts";
import { recordOf } from "./inventory.ts";
import type { Live } from "./live.ts";
import type { OwnedContainer } from "./ownership.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import type { Action, Change, ContainerRef, Guard, ImageRef, OpCall, Precondition, Reason } from "./plan-types.ts";
import { repair } from "./plan-repair.ts";

/** What is known of one declared sandbox before any operation is planned. */
export type SandboxCase = {
  desired: DesiredSandbox;
  settlement: Settlement;
  /** Absent when there is no container to compare with. */
  assessment?: Assessment;
  /** The record of an in-place update of the current container. */
  record?: LiveVolume;
  /** Whether a container will be created, which needs the image. */
  creates: boolean;
};

/** Compares one declared sandbox with its containers. Pure; plans nothing yet. */
export function examineSandbox(
  desired: DesiredSandbox,
  owned: OwnedContainer[],
  live: Live,
  records: ReadonlyMap<string, LiveVolume>,
): SandboxCase {
  const settlement = settle(desired, owned, live);
  const { current, candidate } = settlement;
  if (!current) return { desired, settlement, creates: true };
  const record = records.get(recordOf(current.container, desired.project));
  const assessment = assess(desired, current, live, record !== undefined);
  const replaces = assessment.way === "replace" && !desired.protect;
  return { desired, settlement, assessment, ...(record ? { record } : {}), creates: replaces && !candidate };
}

/** Whether protection keeps a sandbox from the replacement it needs; then nothing of it is touched. */
export function isGuarded({ desired, assessment }: SandboxCase): boolean {
  return desired.protect && assessment?.way === "replace";
}

/** Plans one declared sandbox: its operations and its change. */
export function planSandbox(builder: PlanBuilder, found: SandboxCase, live: Live): void {
  const { desired, settlement, assessment } = found;
  const step = createSteps(builder, found);
  if (!assessment || !settlement.current) {
    for (const leftover of settlement.remove) step(leftover.cause, removal(leftover.owned));
    create(step, desired, desired.name, live);
    builder.change(creation(desired, live));
    return;
  }
  const current = settlement.current;
  const guards = isGuarded(found) ? [protectedGuard(desired, "replaced")] : [];
  if (guards.length === 0) {
    for (const leftover of settlement.remove) step(leftover.cause, removal(leftover.owned));
    if (current.role !== "final") {
      const container = { id: current.container.id };
      step(`it is named ${current.container.name}`, { op: "container.rename", container, name: desired.name });
    }
    if (assessment.way === "replace") replace(step, found, current, live);
    else if (assessment.way !== "none") repair(step, found, current, { live, builder });
  }
  builder.change(difference(found, current, assessment, guards, live));
}

/** Adds the next step of a sandbox: steps run one after another, the first after what the sandbox needs. */
export type Step = (cause: string, call: OpCall, undo?: OpCall[]) => number;

function createSteps(builder: PlanBuilder, { desired, creates }: SandboxCase): Step {
  const { spec, address } = desired;
  let last: number | undefined;
  return (cause, call, undo) => {
    const after = last === undefined ? needsOf(spec, creates, builder) : [last];
    last = builder.op(address, cause, call, { after, ...(undo ? { undo } : {}) });
    return last;
  };
}

/** The operations that make usable what a sandbox needs. Only a container that is created needs the image. */
function needsOf(spec: ContainerSpec, creates: boolean, builder: PlanBuilder): number[] {
  const volumes = Object.values(spec.mounts ?? {}).flatMap((mount) => (mount.type === "volume" ? [mount.source] : []));
  const networks = spec.network.mode === "bridge" ? Object.keys(spec.network.networks) : [];
  const images = creates ? [`image:${spec.image}`] : [];
  const things = [...images, ...volumes.map((name) => `volume:${name}`), ...networks.map((name) => `network:${name}`)];
  return things.map((thing) => builder.providerOf(thing)).filter((n) => n !== undefined);
}

/** Create, start, wait. A failure removes the new container, so that a failed create leaves nothing. */
function create(step: Step, desired: DesiredSandbox, name: string, live: Live): ContainerRef {
  const { spec, state } = desired;
  const present = live.images[spec.image];
  const image: ImageRef = present ? { id: present.id } : { pulled: spec.image };
  const container = { created: step("the sandbox does not exist", { op: "container.create", name, image, spec }) };
  if (state === "running") startAndWait(step, container);
  return container;
}

function startAndWait(step: Step, container: ContainerRef): void {
  const undo: OpCall[] = [{ op: "container.remove", container }];
  step("it should run", { op: "container.start", container }, undo);
  step("it must be healthy", { op: "container.wait", container }, undo);
}

/**
 * Health first: the old container is stopped only when the candidate runs and is healthy. Up to there a failure removes
 * the candidate; after it the candidate is the sandbox, and names alone tell the next plan how to finish.
 */
function replace(step: Step, { desired, settlement, record }: SandboxCase, current: OwnedContainer, live: Live): void {
  const { container } = current;
  const old = { id: container.id };
  const candidate =
    resumeCandidate(step, settlement.candidate, desired) ?? create(step, desired, candidateName(desired.name), live);
  if (isActive(current)) step("the candidate is ready", { op: "container.stop", container: old });
  step("its name is needed", { op: "container.rename", container: old, name: formerName(desired.name) });
  step("it takes over", { op: "container.rename", container: candidate, name: desired.name });
  step("it was replaced", { op: "container.remove", container: old });
  if (record) step("its container is gone", { op: "volume.remove", name: record.name });
}

function resumeCandidate(
  step: Step,
  candidate: OwnedContainer | undefined,
  desired: DesiredSandbox,
): ContainerRef | undefined {
  if (!candidate) return undefined;
  const container = { id: candidate.container.id };
  if (desired.state !== "running") return container;
  if (candidate.container.state === "created") startAndWait(step, container);
  else step("it must be healthy", { op: "container.wait", container }, [{ op: "container.remove", container }]);
  return container;
}

/** Whether a container has running processes. */
export function isActive({ container }: OwnedContainer): boolean {
  return container.state === "running" || container.state === "paused" || container.state === "restarting";
}

/** The operation that removes a container of ours. */
export function removal(owned: OwnedContainer): OpCall {
  return { op: "container.remove", container: { id: owned.container.id } };
}

function creation(desired: DesiredSandbox, live: Live): Omit<Change, "ops"> {
  const { address, project } = desired;
  return {
    address,
    kind: "sandbox",
    project,
    action: "create",
    drift: false,
    reasons: [{ code: "missing" }],
    patch: compare({}, viewOfDesired(desired)),
    security: [],
    disruption: "none",
    guards: [],
    expect: { absent: true, ...imageExpectation(desired, live) },
  };
}

function difference(
  { desired, settlement }: SandboxCase,
  current: OwnedContainer,
  assessment: Assessment,
  guards: Guard[],
  live: Live,
): Omit<Change, "ops"> {
  const leftovers: Reason[] = settlement.remove.map(({ owned, cause }) => ({
    code: "interrupted",
    detail: `${owned.container.name}: ${cause}`,
  }));
  const reasons = [...assessment.reasons, ...leftovers];
  const action = actionOf(assessment, leftovers.length > 0 || current.role === "next" || current.role === "prev");
  return {
    address: desired.address,
    kind: "sandbox",
    project: desired.project,
    action,
    drift: reasons.some(({ drift }) => drift),
    reasons,
    patch: assessment.patch,
    security: assessment.way === "none" ? [] : securityDelta(assessment.lastApplied, desired.spec),
    disruption: action === "replace" ? "replace" : "none",
    guards,
    expect: { ...expectation(current), ...(action === "replace" ? imageExpectation(desired, live) : {}) },
  };
}

function actionOf({ way, before, after }: Assessment, interrupted: boolean): Action {
  if (way === "replace") return "replace";
  if (interrupted) return "resume";
  if (way === "none") return "none";
  const onlyState = way === "start" && before.state !== after.state;
  if (onlyState) return after.state === "stopped" ? "stop" : "start";
  return "update";
}

function imageExpectation(desired: DesiredSandbox, live: Live): Precondition {
  const image = live.images[desired.spec.image];
  return image ? { image: image.id } : {};
}

/** The state a plan for this container relies on. */
export function expectation({ container }: OwnedContainer): Precondition {
  return {
    id: container.id,
    core: container.labels[LABEL.core] as string,
    state: `${container.name}:${container.state}`,
  };
}

/** A refusal because the manifest says `protect: true`. */
export function protectedGuard(of: { project: string; address: string }, verb: "replaced" | "deleted"): Guard {
  return {
    code: "protected",
    message: `${of.address} is protected and would be ${verb}`,
    hint: `remove "protect: true" from project ${of.project} when that is what you want`,
  };
}
