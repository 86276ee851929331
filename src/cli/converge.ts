import type { Workspace } from "../drivers/files/load.ts";
import { acquireLock } from "../drivers/lock/lock.ts";
import type { Lock } from "../drivers/lock/lock.ts";
import { EXIT } from "../model/errors.ts";
import type { Outcome } from "../reconcile/events.ts";
import { execute } from "../reconcile/execute.ts";
import type { Plan } from "../reconcile/plan-types.ts";
import { restrictToSaved } from "../reconcile/saved-plan.ts";
import type { SavedPlan } from "../reconcile/saved-plan.ts";
import { planLine, versionLine } from "../report/event-lines.ts";
import { outcomeText } from "../report/outcome-text.ts";
import { planText } from "../report/plan-text.ts";
import type { PlanView } from "../report/plan-view.ts";
import type { Progress } from "../report/progress/progress.ts";
import { PROGRESS } from "../report/progress/registry.ts";
import type { ProgressFormat } from "../report/progress/registry.ts";
import type { APPLYING, COMMON } from "./common.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import type { OptionValues } from "./options.ts";
import { openEngine, openWorkspace, prepare } from "./prepare.ts";
import type { EngineInUse, PlanRequest } from "./prepare.ts";
import { fingerprint } from "./saved-plan-file.ts";
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
  const workspace = await openWorkspace(context, given.file);
  goal.check?.(workspace);
  const engine = await openEngine(context);
  await using _lock = await lockWorkspace(context, workspace, engine, given.wait ?? 0);
  const outcome = await planAndExecute(context, given, goal, { workspace, engine, began });
  if (goal.saved !== undefined || !movedMeanwhile(outcome)) return exitCodeOf(outcome);
  context.reporter.message("The engine's state moved meanwhile; planning once more.");
  return exitCodeOf(await planAndExecute(context, given, goal, { workspace, engine, began: context.clock.now() }));
}

/**
 * Whether everything that failed did so because something was there or gone that the plan did not expect: an engine may
 * still carry out the last request of a devc that was killed, after the next one has looked.
 */
function movedMeanwhile({ resources, interrupted }: Outcome): boolean {
  const codes = resources.flatMap(({ error }) => error?.code ?? []);
  return !interrupted && codes.length > 0 && codes.every((code) => code === "engine-conflict" || code === "not-found");
}

type Round = { workspace: Workspace; engine: EngineInUse; began: number };

async function planAndExecute(context: Context, given: Given, goal: Goal, round: Round): Promise<Outcome> {
  const { workspace, engine, began } = round;
  const { reporter, clock } = context;
  const prepared = await prepare(context, workspace, engine, goal.request, began);
  const plan = goal.saved
    ? restrictToSaved(goal.saved, prepared.plan, fingerprint(context, workspace, engine))
    : prepared.plan;
  const view = { ...prepared.view, plan };
  reporter.line(planLine(view, clock.now()));
  if (!reporter.quiet) reporter.result(planText(view, reporter.out, { verbose: reporter.verbose }));
  const question = goal.question?.(plan);
  await confirm(context, plan, {
    yes: given.yes || goal.saved !== undefined,
    approveLoosening: given["approve-loosening"],
    ...(question === undefined ? {} : { always: question }),
  });
  context.stopping.throwIfAborted();
  const outcome = await executeShown(context, view, engine, given.parallel);
  const changed = plan.ops.length > 0;
  if (changed) reporter.result(outcomeText(outcome, plan, reporter.out, goal.verb));
  return outcome;
}

async function executeShown(
  context: Context,
  view: PlanView,
  { engine }: EngineInUse,
  parallel: number | undefined,
): Promise<Outcome> {
  const { clock, version, reporter, stopping, randomBytes } = context;
  const { workspace, root } = view.plan;
  const origin = { workspace, root, version, generation: ulid(clock.now(), randomBytes(10)) };
  const progress: Progress = reporter.progress(PROGRESS[progressFormat(context, view.plan)], view);
  try {
    return await execute(view.plan, {
      engine,
      origin,
      clock,
      emit: progress.emit,
      signal: stopping,
      ...(parallel === undefined ? {} : { parallelism: Math.max(1, parallel) }),
    });
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
