import type { Workspace } from "../drivers/files/load.ts";
import { logHooks } from "../drivers/hooks/hook-log.ts";
import { acquireLock } from "../drivers/lock/lock.ts";
import type { Lock } from "../drivers/lock/lock.ts";
import { EXIT } from "../model/errors.ts";
import type { ErrorCode } from "../model/errors.ts";
import type { Outcome } from "../reconcile/events.ts";
import { execute } from "../reconcile/execute.ts";
import type { Plan } from "../reconcile/plan-types.ts";
import { loosensNoMore, MAX_ROUNDS, mergeRounds, readyProjects, tooManyRounds } from "../reconcile/rounds.ts";
import type { Round } from "../reconcile/rounds.ts";
import { restrictToSaved } from "../reconcile/saved-plan.ts";
import type { SavedPlan } from "../reconcile/saved-plan.ts";
import { planLine, summaryLine, versionLine } from "../report/event-lines.ts";
import { outcomeText } from "../report/outcome-text.ts";
import { planText } from "../report/plan-text.ts";
import type { Progress } from "../report/progress/progress.ts";
import { PROGRESS } from "../report/progress/registry.ts";
import type { ProgressFormat } from "../report/progress/registry.ts";
import type { APPLYING, COMMON } from "./common.ts";
import { confirm, needsConsent } from "./confirm.ts";
import type { Context } from "./context.ts";
import type { OptionValues } from "./options.ts";
import { openEngine, openWorkspace, prepare } from "./prepare.ts";
import type { EngineInUse, Prepared, PlanRequest } from "./prepare.ts";
import { fingerprint, hostValuesOf } from "./saved-plan-file.ts";
import { ulid } from "./ulid.ts";

type Given = OptionValues<typeof COMMON & typeof APPLYING>;

/** What to converge to. */
export type Goal = {
  request: PlanRequest;
  /** Do only what this plan allows. */
  saved?: SavedPlan;
  /** Looks at the workspace before anything is asked of the engine. */
  check?: (workspace: Workspace) => void;
  /** Ask this although nothing is deleted; undefined: ask only when something is. */
  question?: (plan: Plan) => string | undefined;
  /** Past tense for the last line. */
  verb?: string;
};

/**
 * Plans under the workspace's lock, asks what must be asked, executes and prints how it ended.
 * @throws DevcError `locked`, `refused`, `plan-stale`, and what planning throws
 */
export async function converge(context: Context, given: Given, goal: Goal): Promise<number> {
  const began = context.clock.now();
  context.reporter.line(versionLine(context.version));
  const workspace = await openChecked(context, given, goal);
  const engine = await openEngine(context);
  await using _lock = await lockWorkspace(context, workspace, engine, given.wait ?? 0);
  const outcome = await applyAll(context, given, goal, { workspace, engine, began });
  const moved = goal.saved === undefined && !outcome.interrupted ? movedMeanwhile(outcome) : undefined;
  if (moved === undefined) return finish(context, outcome);
  const now = await openChecked(context, given, goal);
  // The lock is held for this workspace and no other.
  if (now.manifest.workspace !== workspace.manifest.workspace) return finish(context, outcome);
  context.reporter.message(`${moved} moved meanwhile; planning once more.`);
  return finish(context, await applyAll(context, given, goal, { workspace: now, engine, began: context.clock.now() }));
}

async function openChecked(context: Context, given: Given, goal: Goal): Promise<Workspace> {
  const workspace = await openWorkspace(context, given.file);
  goal.check?.(workspace);
  return workspace;
}

function finish({ reporter, clock }: Context, outcome: Outcome): number {
  reporter.line(summaryLine(outcome, clock.now()));
  return exitCodeOf(outcome);
}

/**
 * What was not as the plan expected, when everything that failed did so for that: an engine may still carry out the last
 * request of a devc that was killed, after the next one has looked, and somebody may write files that are being built.
 */
function movedMeanwhile({ resources }: Outcome): string | undefined {
  const codes = resources.flatMap(({ error }) => error?.code ?? []);
  if (codes.length === 0 || !codes.every((code) => MOVED.has(code))) return undefined;
  return codes.includes("plan-stale") ? "Files that are built" : "The engine's state";
}

const MOVED: ReadonlySet<ErrorCode> = new Set(["engine-conflict", "not-found", "plan-stale"]);

type Scene = { workspace: Workspace; engine: EngineInUse; began: number };

/**
 * Plans and executes, and does so again for the sandboxes whose image came: what they will be is known only then. Prints how
 * all of it ended.
 */
async function applyAll(context: Context, given: Given, goal: Goal, scene: Scene): Promise<Outcome> {
  const { reporter, clock } = context;
  const first = await planFirst(context, given, goal, scene);
  const rounds = [await executeRound(context, given, first, scene.engine)];
  for (let ready = readyProjects(rounds[0] as Round); ready.length > 0; ready = readyProjects(rounds.at(-1) as Round)) {
    if (context.stopping.aborted) break;
    if (rounds.length >= MAX_ROUNDS) throw tooManyRounds(ready);
    reporter.message(
      `${ready.join(", ")}: ${ready.length === 1 ? "its image is" : "their images are"} there; planning.`,
    );
    const next = await planNext(context, given, goal, scene, { projects: ready, approved: first.plan });
    rounds.push(await executeRound(context, given, next, scene.engine));
  }
  const whole = mergeRounds(rounds, clock.now() - scene.began);
  const changed = rounds.some(({ plan }) => plan.ops.length > 0);
  if (changed) reporter.result(outcomeText(whole.outcome, whole.plan, reporter.out, goal.verb));
  return whole.outcome;
}

async function planFirst(context: Context, given: Given, goal: Goal, scene: Scene): Promise<Prepared> {
  const { workspace, engine, began } = scene;
  const { reporter, clock } = context;
  const prepared = await prepare(context, workspace, engine, goal.request, began);
  const now = { ...fingerprint(context, workspace, engine), hostValues: hostValuesOf(prepared.desired) };
  const plan = goal.saved ? restrictToSaved(goal.saved, prepared.plan, now) : prepared.plan;
  const view = { ...prepared.view, plan };
  reporter.line(planLine(view, clock.now()));
  if (!reporter.quiet) reporter.result(planText(view, reporter.out, { verbose: reporter.verbose }));
  const question = goal.question?.(plan);
  await confirm(context, plan, {
    yes: given.yes || goal.saved !== undefined,
    approveLoosening: given["approve-loosening"],
    ...(question === undefined ? {} : { always: question }),
  });
  return { ...prepared, plan, view };
}

/**
 * The plan for projects whose image came. What it does was announced by the first one, so it is shown only when the person
 * must decide or asked to see everything. A saved plan allows their sandboxes, and no deletion it did not name.
 */
async function planNext(
  context: Context,
  given: Given,
  goal: Goal,
  { workspace, engine }: Scene,
  { projects, approved }: { projects: string[]; approved: Plan },
): Promise<Prepared> {
  const { reporter, clock } = context;
  const pruneVolumes = goal.request.pruneVolumes && goal.saved === undefined;
  const request = { ...goal.request, projects, pruneVolumes };
  const prepared = await prepare(context, workspace, engine, request, clock.now());
  const consent = {
    yes: given.yes || goal.saved !== undefined,
    approveLoosening: given["approve-loosening"] || loosensNoMore(prepared.plan, approved),
    begun: true,
  };
  reporter.line(planLine(prepared.view, clock.now()));
  const shown = reporter.verbose || needsConsent(prepared.plan, consent);
  if (shown && !reporter.quiet) reporter.result(planText(prepared.view, reporter.out, { verbose: reporter.verbose }));
  await confirm(context, prepared.plan, consent);
  return prepared;
}

async function executeRound(
  context: Context,
  given: Given,
  { plan, view, desired }: Prepared,
  { engine }: EngineInUse,
): Promise<Round> {
  const { clock, version, reporter, stopping, randomBytes, buildImage, runHooks, stateDir } = context;
  stopping.throwIfAborted();
  const { workspace, root } = plan;
  const origin = { workspace, root, version, generation: ulid(clock.now(), randomBytes(10)) };
  const progress: Progress = reporter.progress(PROGRESS[progressFormat(context, plan)], view);
  try {
    const outcome = await execute(plan, {
      engine,
      origin,
      clock,
      emit: progress.emit,
      signal: stopping,
      buildImage,
      runHooks: logHooks(runHooks, { stateDir, workspace, now: () => clock.now() }),
      hostValues: desired.hostValues,
      ...(given.parallel === undefined ? {} : { parallelism: Math.max(1, given.parallel) }),
    });
    return { plan, outcome };
  } finally {
    progress.close();
  }
}

function progressFormat({ reporter, streams, env }: Context, plan: Plan): ProgressFormat {
  if (reporter.json) return "json";
  if (reporter.quiet || plan.ops.length === 0) return "quiet";
  return streams.stderr.isTTY === true && env["TERM"] !== "dumb" ? "tty" : "plain";
}

function lockWorkspace(context: Context, workspace: Workspace, { facts }: EngineInUse, wait: number): Promise<Lock> {
  const { platform, runtimeDir, clock, stopping, pid, reporter } = context;
  return acquireLock({
    engineId: facts.id,
    workspace: workspace.manifest.workspace,
    platform,
    dir: runtimeDir,
    wait: wait * 1000,
    clock,
    signal: stopping,
    holder: { pid, command: context.command, startedAt: clock.now() },
    onWait: (holder) =>
      reporter.message(`Waiting for ${holder ? `devc ${holder.command} (pid ${holder.pid})` : "another devc"} …`),
  });
}

function exitCodeOf({ resources, interrupted }: Outcome): number {
  if (interrupted) return EXIT.interrupted;
  const failed = resources.some(({ result }) => result !== "done");
  if (!failed) return EXIT.ok;
  return resources.some(({ result }) => result === "done") ? EXIT.partial : EXIT.error;
}
