import type { DesiredSandbox } from "../model/desired.ts";
import { ONCE_PHASES, START_PHASES } from "../model/devcontainer/lifecycle.ts";
import type { HookPhase, HooksSpec } from "../model/devcontainer/lifecycle.ts";
import type { ContainerRef, OpCall } from "./plan-types.ts";
import type { Step } from "./plan-sandbox.ts";

/**
 * What devc runs whenever it starts a container: all of it every time. The runner leaves out what has succeeded before, so
 * a restart runs the commands of a start only, and a retry goes on where it failed.
 */
const PHASES: HookPhase[] = [...ONCE_PHASES, ...START_PHASES];

/** The commands of a sandbox that belong to a start; undefined when there are none. */
export function startHooks({ devcontainer }: DesiredSandbox): HooksSpec | undefined {
  const hooks = devcontainer?.hooks;
  return hooks && PHASES.some((phase) => hooks.phases[phase] !== undefined) ? hooks : undefined;
}

/** A container on its way to being ready. */
export type Starting = {
  container: ContainerRef;
  /** It runs already. */
  running: boolean;
  /** The engine holds the note that its commands have not all succeeded. */
  noted: boolean;
  /** How far a failure takes the container away: not at all, while it is not ready, or also when a command fails. */
  removedBy: "nothing" | "start" | "hooks";
};

/**
 * Every start of a sandbox, and the rest of one that did not end: the one place that knows about hooks. The note is made
 * before the container can run, so a running container without it has run all its commands.
 */
export function planStart(step: Step, desired: DesiredSandbox, starting: Starting): void {
  const { container, running, noted, removedBy } = starting;
  const hooks = startHooks(desired);
  const pending = hooks !== undefined && (!running || noted);
  const removed: OpCall[] = [
    { op: "container.remove", container },
    ...(pending ? [{ op: "hooks.end" as const, container }] : []),
  ];
  const undo = removedBy === "nothing" ? undefined : removed;
  if (!running) {
    const note: OpCall = { op: "hooks.begin", container, phases: PHASES };
    if (pending && !noted) step("its commands will have to run", note, undo);
    step("it should run", { op: "container.start", container }, undo);
  }
  step("it must be healthy", { op: "container.wait", container }, undo);
  if (pending) runHooks(step, container, hooks, removedBy === "hooks" ? removed : undefined);
  else if (noted) step("it has no commands any more", { op: "hooks.end", container });
}

/** The rest of a start that did not get to its end, of a container that runs and stays. */
export function finishHooks(step: Step, desired: DesiredSandbox, container: ContainerRef): void {
  if (startHooks(desired)) planStart(step, desired, { container, running: true, noted: true, removedBy: "nothing" });
  else step("it has no commands any more", { op: "hooks.end", container });
}

function runHooks(step: Step, container: ContainerRef, hooks: HooksSpec, undo: OpCall[] | undefined): void {
  step("its commands have not all succeeded", { op: "hooks.run", container, phases: PHASES, hooks }, undo);
  step("all its commands succeeded", { op: "hooks.end", container });
}
