import { HOOK_PHASES, runsSomething } from "../../model/devcontainer/lifecycle.ts";
import type { HookEntry, HookPhase } from "../../model/devcontainer/lifecycle.ts";
import { DevcError } from "../../model/errors.ts";
import type { HookRequest, RunHooks } from "../../reconcile/hook-runner.ts";
import type { Engine } from "../engine/engine.ts";
import type { HooksWorld } from "./inside.ts";
import { noteSuccess, succeededPhases } from "./markers.ts";
import { enterContainer, environmentOf } from "./remote-environment.ts";
import type { Entered } from "./remote-environment.ts";
import { describeCommand, runHookCommand, troubleOf } from "./run-command.ts";

/** What the commands of one request share. */
type Round = {
  engine: Engine;
  request: HookRequest;
  world: HooksWorld;
  entered: Entered;
  env: Record<string, string>;
};

/** A command of an entry; `name` for members of the object form. */
type Member = { name: string | undefined; command: string | string[] };

/** Lines of a failed command's output that the error keeps. */
const KEPT_LINES = 20;

/**
 * Makes the runner of hooks. Phases run in order, entries of a phase one after the other, members of an entry in object form
 * side by side; the first failure ends it, but members that run beside it are let come to their end (reference CLI
 * injectHeadless.ts `runLifecycleCommands`). A phase that succeeded is noted in the container, also one without commands, so
 * that the reference CLI runs nothing again. A phase that fails, or during which devc is killed, runs again as a whole.
 */
export function createHookRunner(world: HooksWorld): RunHooks {
  return async (engine, request) => {
    stopIfAborted(request);
    const { containerId, hooks, reveal } = request;
    const entered = await enterContainer(engine, containerId, hooks.remote, reveal);
    const done: ReadonlySet<HookPhase> = await succeededPhases(engine, entered.lifetime, entered.user);
    const pending = HOOK_PHASES.filter((phase) => request.phases.includes(phase) && !done.has(phase));
    const first = pending.find((phase) => hooks.phases[phase]?.length);
    const round = { engine, request, world, entered, env: first ? await environment(entered, first) : {} };
    for (const phase of pending) await runPhase(round, phase);

    async function environment(inside: Entered, phase: HookPhase): Promise<Record<string, string>> {
      const { env, problem } = await environmentOf(engine, inside, hooks.remote, world);
      for (const each of [inside.problem, problem]) {
        if (each !== undefined) request.onOutput(phase, undefined, `devc: ${each}`);
      }
      return env;
    }
  };
}

async function runPhase(round: Round, phase: HookPhase): Promise<void> {
  const { engine, request, entered } = round;
  for (const entry of request.hooks.phases[phase] ?? []) await runEntry(round, phase, entry);
  if (phase === "postAttach") return;
  if (await noteSuccess(engine, entered.lifetime, entered.user, phase)) return;
  request.onOutput(phase, undefined, "devc: no folder for markers can be written; the commands will be run again");
}

async function runEntry(round: Round, phase: HookPhase, entry: HookEntry): Promise<void> {
  stopIfAborted(round.request);
  const members = membersOf(round.entered.resolve(entry.command));
  const shown = membersOf(entry.command);
  const runs = members.map((member, at) =>
    runMember(round, phase, entry, { ...member, shown: shown[at]?.command ?? "" }),
  );
  const outcomes = await Promise.allSettled(runs);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
}

/** @param shown the command as written: values of the host are not in it */
async function runMember(
  { engine, request, world, entered, env }: Round,
  phase: HookPhase,
  entry: HookEntry,
  { name, command, shown }: Member & { shown: string | string[] },
): Promise<void> {
  if (!runsSomething(command)) return;
  const { containerId, project, signal, onOutput, hooks } = request;
  const last: string[] = [];
  const onLine = (line: string): void => {
    last.push(line);
    if (last.length > KEPT_LINES) last.shift();
    onOutput(phase, name, line);
  };
  const { timeoutMs } = hooks;
  const run = { containerId, command, user: entered.user, env, timeoutMs, onLine, signal };
  const end = await runHookCommand(engine, run, world);
  const trouble = troubleOf(end, { timeoutMs });
  if (trouble === undefined) return;
  const from = entry.source === "devcontainer.json" ? "" : ` of the ${entry.source}`;
  const which = name === undefined ? `${phase}Command${from}` : `'${name}' of ${phase}Command${from}`;
  const message = `${which} of project ${project} ${trouble}: ${describeCommand(shown)}`;
  const interrupted = end.how === "interrupted";
  const hint = interrupted ? "run the command again to finish" : `mend the command, then: devc up ${project}`;
  const code = interrupted ? "interrupted" : "hook-failed";
  throw new DevcError(code, message, { subject: project, hint, details: last });
}

function membersOf(command: HookEntry["command"]): Member[] {
  if (typeof command === "string" || Array.isArray(command)) return [{ name: undefined, command }];
  return Object.entries(command).map(([name, member]) => ({ name, command: member }));
}

function stopIfAborted({ signal, project }: HookRequest): void {
  if (!signal.aborted) return;
  throw new DevcError("interrupted", `interrupted before all commands of project ${project} ran`, {
    subject: project,
    hint: "run the command again to finish",
  });
}
