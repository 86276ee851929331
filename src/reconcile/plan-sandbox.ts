import { compare } from "fast-json-patch";

import type { LiveVolume } from "../drivers/engine/engine.ts";
import type { DesiredSandbox } from "../model/desired.ts";
import { LABEL } from "../model/labels.ts";
import { candidateName, formerName } from "../model/names.ts";
import { securityDelta } from "../model/posture.ts";
import type { SecurityDelta } from "../model/posture.ts";
import type { ContainerSpec } from "../model/spec.ts";
import { assess, viewOfDesired } from "./assess.ts";
import type { Assessment } from "./assess.ts";
import { settle } from "./leftovers.ts";
import type { Settlement } from "./leftovers.ts";
import { hooksRecordOf, recordOf, recordsOf } from "./inventory.ts";
import { NOTHING_LIVE } from "./live.ts";
import type { Live } from "./live.ts";
import type { OwnedContainer } from "./ownership.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import { planStart } from "./plan-hooks.ts";
import type { Action, Change, ContainerRef, Guard, ImageRef, OpCall, Precondition, Reason } from "./plan-types.ts";
import { hooksPending, repair } from "./plan-repair.ts";

/** What is known of one declared sandbox before any operation is planned. */
export type SandboxCase = {
  desired: DesiredSandbox;
  settlement: Settlement;
  /** Absent when there is no container to compare with. */
  assessment?: Assessment;
  /** The record of an in-place update of the current container. */
  record?: LiveVolume;
  /** The note that commands of the current container are still to run. */
  hooksRecord?: LiveVolume;
  /** All records of the workspace, by engine name. */
  records: Records;
  /** Whether a container will be created, which needs the image. */
  creates: boolean;
  /** Set while its image is not what it should be: what there is to do is told by the next plan. */
  awaits?: ImageWait;
};

type Records = ReadonlyMap<string, LiveVolume>;

/** An image that a sandbox waits for. */
export type ImageWait = {
  /** What about it, for people. */
  cause: string;
  /** Something is built: the container there is will most likely be replaced. What is only pulled may be what it was made from. */
  builds: boolean;
};

/**
 * Compares one declared sandbox with its containers. Pure; plans nothing yet.
 * @param awaits the image it waits for: then only its container is looked up
 */
export function examineSandbox(
  desired: DesiredSandbox,
  owned: OwnedContainer[],
  live: Live,
  records: Records,
  awaits?: ImageWait,
): SandboxCase {
  const noted = ({ container, project }: OwnedContainer): boolean => records.has(hooksRecordOf(container, project));
  const settled = settle(desired, owned, live, noted);
  if (awaits) {
    const { current, strays } = settled;
    const settlement = { ...(current ? { current } : {}), remove: [], strays };
    return { desired, settlement, records, creates: false, awaits };
  }
  const { current, candidate } = settled;
  if (!current) return { desired, settlement: settled, records, creates: true };
  const record = records.get(recordOf(current.container, desired.project));
  const hooksRecord = records.get(hooksRecordOf(current.container, desired.project));
  const assessment = assess(desired, current, live, record !== undefined);
  const replaces = assessment.way === "replace" && !desired.protect;
  return {
    desired,
    settlement: settled,
    assessment,
    records,
    ...(record ? { record } : {}),
    ...(hooksRecord ? { hooksRecord } : {}),
    creates: replaces && !candidate,
  };
}

/** Whether protection keeps a sandbox from the replacement it needs; then nothing of it is touched. */
export function isGuarded({ desired, settlement, assessment, awaits }: SandboxCase): boolean {
  if (!desired.protect) return false;
  return awaits ? awaits.builds && settlement.current !== undefined : assessment?.way === "replace";
}

/** Plans one declared sandbox: its operations and its change. */
export function planSandbox(builder: PlanBuilder, found: SandboxCase, live: Live): void {
  const { desired, settlement, assessment } = found;
  const guards = isGuarded(found) ? [protectedGuard(desired, "replaced")] : [];
  const step = createSteps(builder, found);
  if (!assessment || !settlement.current) {
    removeLeftovers(step, found);
    create(step, desired, live);
    builder.change(creation(desired, live));
    return;
  }
  const current = settlement.current;
  if (guards.length === 0) {
    removeLeftovers(step, found);
    if (current.role !== "final") {
      const container = { id: current.container.id };
      step(`it is named ${current.container.name}`, { op: "container.rename", container, name: desired.name });
    }
    if (assessment.way === "replace") replace(step, found, current, live);
    else if (assessment.way !== "none" || hooksPending(found)) repair(step, found, current, { live, builder });
  }
  builder.change(difference(found, current, assessment, guards, live));
}

/**
 * The change of a sandbox whose image comes first: nothing is done to it, and the next plan tells the rest.
 * @param waitsFor numbers of the operations that bring the image
 */
export function planAwaiting(builder: PlanBuilder, found: SandboxCase, wait: ImageWait, waitsFor: number[]): void {
  const { desired, settlement } = found;
  const { current } = settlement;
  if (!current) {
    builder.change({ ...creation(desired, NOTHING_LIVE), awaitsImage: true, waitsFor });
    return;
  }
  builder.change({
    ...changeOf(desired),
    action: "replace",
    reasons: [{ code: "image-changed", path: "/image", detail: wait.cause }],
    patch: [],
    security: knownLoosening(current.spec, desired.spec),
    disruption: "replace",
    guards: isGuarded(found) ? [protectedGuard(desired, "replaced")] : [],
    expect: expectation(current),
    awaitsImage: true,
    waitsFor,
  });
}

/**
 * What is sure to loosen whatever the image says, so that it is asked about before anything is built: an image can only add
 * to the rest of what is known, and the user is the one thing it decides.
 */
function knownLoosening(before: ContainerSpec, after: ContainerSpec): SecurityDelta[] {
  return securityDelta(before, after).filter(({ direction, path }) => direction === "loosens" && path !== "/user");
}

function removeLeftovers(step: Step, { settlement, records }: SandboxCase): void {
  for (const { owned, cause } of settlement.remove) removeWithRecords(step, owned, cause, records);
}

function removeWithRecords(step: Step, owned: OwnedContainer, cause: string, records: Records): void {
  step(cause, removal(owned));
  for (const { name } of recordsOf(owned, records)) step("its container is gone", { op: "volume.remove", name });
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

/**
 * Create, start, wait, run its commands. A failure removes the new container, so that a failed create leaves nothing; only
 * when a command fails it stays, to be looked at and tried again.
 */
function create(step: Step, desired: DesiredSandbox, live: Live): void {
  const container = createContainer(step, desired, desired.name, live);
  if (desired.state === "running") {
    planStart(step, desired, { container, running: false, noted: false, removedBy: "start" });
  }
}

function createContainer(step: Step, desired: DesiredSandbox, name: string, live: Live): ContainerRef {
  const { spec, devcontainer } = desired;
  const present = live.images[spec.image];
  const image: ImageRef = present ? { id: present.id } : { pulled: spec.image };
  const labels = devcontainer ? { labels: devcontainer.labels } : {};
  return { created: step("the sandbox does not exist", { op: "container.create", name, image, spec, ...labels }) };
}

/**
 * Health and commands first: the old container is stopped only when the candidate runs, is healthy and all its commands
 * have succeeded. Up to there a failure removes the candidate; after it the candidate is the sandbox, and names alone tell
 * the next plan how to finish.
 */
function replace(step: Step, found: SandboxCase, current: OwnedContainer, live: Live): void {
  const { desired, settlement, records } = found;
  const { container } = current;
  const old = { id: container.id };
  const candidate = settlement.candidate
    ? resumeCandidate(step, settlement.candidate, found)
    : newCandidate(step, desired, live);
  if (isActive(current)) step("the candidate is ready", { op: "container.stop", container: old });
  step("its name is needed", { op: "container.rename", container: old, name: formerName(desired.name) });
  step("it takes over", { op: "container.rename", container: candidate, name: desired.name });
  removeWithRecords(step, current, "it was replaced", records);
}

function newCandidate(step: Step, desired: DesiredSandbox, live: Live): ContainerRef {
  const container = createContainer(step, desired, candidateName(desired.name), live);
  if (desired.state === "running") {
    planStart(step, desired, { container, running: false, noted: false, removedBy: "hooks" });
  }
  return container;
}

function resumeCandidate(step: Step, candidate: OwnedContainer, { desired, records }: SandboxCase): ContainerRef {
  const container = { id: candidate.container.id };
  if (desired.state === "running") {
    const running = candidate.container.state !== "created";
    const noted = records.has(hooksRecordOf(candidate.container, desired.project));
    planStart(step, desired, { container, running, noted, removedBy: "hooks" });
  }
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

function changeOf({
  address,
  project,
}: DesiredSandbox): Omit<Change, "ops" | "action" | "reasons" | "patch" | "expect"> {
  return { address, kind: "sandbox", project, drift: false, security: [], disruption: "none", guards: [] };
}

function creation(desired: DesiredSandbox, live: Live): Omit<Change, "ops"> {
  return {
    ...changeOf(desired),
    action: "create",
    reasons: [{ code: "missing" }],
    patch: compare({}, viewOfDesired(desired)),
    expect: { absent: true, ...imageExpectation(desired, live) },
  };
}

function difference(
  found: SandboxCase,
  current: OwnedContainer,
  assessment: Assessment,
  guards: Guard[],
  live: Live,
): Omit<Change, "ops"> {
  const { desired, settlement } = found;
  const leftovers: Reason[] = settlement.remove.map(({ owned, cause }) => ({
    code: "interrupted",
    detail: `${owned.container.name}: ${cause}`,
  }));
  const pending: Reason[] = assessment.way !== "replace" && hooksPending(found) ? [{ code: "hooks-pending" }] : [];
  const reasons = [...assessment.reasons, ...leftovers, ...pending];
  const interrupted = leftovers.length > 0 || current.role === "next" || current.role === "prev";
  const action = actionOf(assessment, interrupted, pending.length > 0);
  return {
    ...changeOf(desired),
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

function actionOf({ way, before, after }: Assessment, interrupted: boolean, pending: boolean): Action {
  if (way === "replace") return "replace";
  if (interrupted) return "resume";
  if (way === "none") return pending ? "resume" : "none";
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
