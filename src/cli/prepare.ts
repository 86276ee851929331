import type { Engine, EngineFacts } from "../drivers/engine/engine.ts";
import { loadWorkspace } from "../drivers/files/load.ts";
import type { Workspace } from "../drivers/files/load.ts";
import { compile } from "../model/compile.ts";
import type { Desired } from "../model/desired.ts";
import { DevcError } from "../model/errors.ts";
import { LABEL } from "../model/labels.ts";
import { parseAddress } from "../model/names.ts";
import { nearest } from "../model/nearest.ts";
import { NOTHING_LIVE } from "../reconcile/live.ts";
import type { Live } from "../reconcile/live.ts";
import { observe } from "../reconcile/observe.ts";
import { plan } from "../reconcile/plan.ts";
import type { Plan } from "../reconcile/plan-types.ts";
import type { PlanView } from "../report/plan-view.ts";
import type { Context } from "./context.ts";

/** What the person asked a plan for; also what a saved plan remembers. */
export type PlanRequest = {
  projects?: string[];
  pruneVolumes: boolean;
  allowDelete?: number;
  refresh: boolean;
  /** Nothing is desired: `devc destroy`. */
  destroy: boolean;
};

/** The engine of a run. */
export type EngineInUse = { engine: Engine; facts: EngineFacts };

/** Everything that is known before a plan is shown or applied. */
export type Prepared = { workspace: Workspace; desired: Desired; live: Live; plan: Plan; view: PlanView };

/** Finds, reads and checks the manifest. No engine is asked for anything. */
export function openWorkspace(context: Context, file: string | undefined): Promise<Workspace> {
  const { cwd, fs, cacheDir, version, home } = context;
  return loadWorkspace({ cwd, fs, cacheDir, version, home, ...(file === undefined ? {} : { file }) });
}

/** Connects the engine and asks what it is. */
export async function openEngine(context: Context): Promise<EngineInUse> {
  const engine = await context.connect();
  return { engine, facts: await engine.facts() };
}

/**
 * Compares a workspace with an engine.
 * @param engine undefined: compare with an engine that holds nothing
 * @param began when the command began, for the time the plan took
 * @throws DevcError `project-unknown`, and what observing and planning throw
 */
export async function prepare(
  context: Context,
  workspace: Workspace,
  engine: EngineInUse | undefined,
  request: PlanRequest,
  began: number,
): Promise<Prepared> {
  const declared = compile(workspace.manifest, engine?.facts);
  const desired = request.destroy ? { ...declared, resources: [], notices: [] } : declared;
  const live = engine ? await observe(engine.engine, desired, { refresh: request.refresh }) : NOTHING_LIVE;
  checkProjects(request.projects ?? [], declared, live);
  const made = plan(desired, live, {
    ...(request.projects ? { projects: request.projects } : {}),
    pruneVolumes: request.pruneVolumes,
    ...(request.destroy ? destroyOptions(declared) : {}),
    ...(request.allowDelete === undefined ? {} : { allowDelete: request.allowDelete }),
  });
  const view: PlanView = {
    plan: made,
    version: context.version,
    manifest: { path: workspace.path, sha256: workspace.sha256 },
    ...(engine ? { engine: engineView(engine) } : {}),
    destroy: request.destroy,
    durationMs: context.clock.now() - began,
  };
  return { workspace, desired: declared, live, plan: made, view };
}

/** Whoever asks to destroy means all of it, but not what the manifest protects. */
function destroyOptions({ resources }: Desired): { allowDelete: number; protectedProjects: string[] } {
  const protectedProjects = resources.flatMap((one) => (one.kind === "sandbox" && one.protect ? [one.project] : []));
  return { allowDelete: Number.POSITIVE_INFINITY, protectedProjects };
}

function engineView({ engine, facts }: EngineInUse): NonNullable<PlanView["engine"]> {
  const { id, name, version, apiVersion } = facts;
  return { id, name, version, apiVersion, endpoint: engine.endpoint };
}

/** A project may be named when it is declared, or when something of it still exists. */
function checkProjects(wanted: string[], { projects }: Desired, live: Live): void {
  const held = [...live.containers, ...live.networks, ...live.volumes].flatMap(({ labels }) => {
    return parseAddress(labels[LABEL.address] ?? "")?.project ?? [];
  });
  const known = new Set([...projects, ...held]);
  for (const project of wanted) {
    if (!known.has(project)) throw unknownProject(project, projects);
  }
}

/** The error about a project that is not in the manifest. */
export function unknownProject(name: string, projects: string[]): DevcError {
  const near = nearest(name, projects);
  return new DevcError("project-unknown", `there is no project '${name}'${near ? `; did you mean '${near}'?` : ""}`, {
    subject: name,
    hint: projects.length > 0 ? `projects: ${projects.join(", ")}` : "the manifest declares no projects",
  });
}
