import type { Engine, EngineFacts } from "../drivers/engine/engine.ts";
import { loadWorkspace } from "../drivers/files/load.ts";
import type { LoadOptions, Workspace } from "../drivers/files/load.ts";
import { compile } from "../model/compile.ts";
import type { Surroundings } from "../model/compile.ts";
import type { Desired } from "../model/desired.ts";
import { builtReference, imageReferences, uidReference } from "../model/devcontainer/references.ts";
import { DevcError } from "../model/errors.ts";
import { LABEL } from "../model/labels.ts";
import type { Manifest } from "../model/manifest.ts";
import { addressOf, parseAddress } from "../model/names.ts";
import { nearest } from "../model/nearest.ts";
import { NOTHING_LIVE } from "../reconcile/live.ts";
import type { Live } from "../reconcile/live.ts";
import { inspectImages, listWorkspace, observe } from "../reconcile/observe.ts";
import { plan } from "../reconcile/plan.ts";
import type { PlanOptions } from "../reconcile/plan.ts";
import type { Plan } from "../reconcile/plan-types.ts";
import type { PlanView } from "../report/plan-view.ts";
import type { Context } from "./context.ts";
import { surroundingsOf } from "./surroundings.ts";

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
  const { cwd, fs, cacheDir, version, home, env, platform } = context;
  const world = { cwd, fs, cacheDir, version, home, env, platform, describeBuild };
  return loadWorkspace({ ...world, ...(file === undefined ? {} : { file }) });
}

/** Loaded only for workspaces that build images. */
const describeBuild: LoadOptions["describeBuild"] = async (request) => {
  const { describeBuild: describe } = await import("../drivers/image/describe-build.ts");
  return describe(request);
};

function compileFrom(
  context: Context,
  { manifest }: Workspace,
  engine: EngineInUse | undefined,
  images: Surroundings["images"],
): Desired {
  return compile(manifest, engine?.facts, surroundingsOf(context, images));
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
  const { declared, desired, live } = await compare(context, workspace, engine, request);
  checkProjects(request.projects ?? [], declared, live);
  const made = plan(desired, live, {
    ...(request.projects ? { projects: request.projects } : {}),
    pruneVolumes: request.pruneVolumes,
    ...(request.destroy ? destroyOptions(declared, workspace.manifest) : {}),
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

type Compared = { declared: Desired; desired: Desired; live: Live };

/** Lists and images are asked for at once: what images say decides what is desired. */
async function compare(
  context: Context,
  workspace: Workspace,
  engine: EngineInUse | undefined,
  { destroy, refresh }: PlanRequest,
): Promise<Compared> {
  const { manifest } = workspace;
  const wanted = (declared: Desired): Desired => (destroy ? { ...declared, resources: [], notices: [] } : declared);
  if (!engine) {
    const declared = compileFrom(context, workspace, undefined, {});
    return { declared, desired: wanted(declared), live: NOTHING_LIVE };
  }
  const withDevcontainers = !destroy && manifest.projects.some(({ devcontainer }) => devcontainer !== undefined);
  const built = destroy ? builtImagesOf(manifest) : [];
  const [listed, images] = await Promise.all([
    listWorkspace(engine.engine, manifest.workspace, withDevcontainers),
    inspectImages(engine.engine, [...imageReferences(manifest), ...built.map(({ reference }) => reference)]),
  ]);
  const declared = compileFrom(context, workspace, engine, images);
  const desired = wanted(declared);
  return { declared, desired, live: await observe(engine.engine, desired, { refresh, images, listed }) };
}

/** Whoever asks to destroy means all of it, but not what the manifest protects. */
function destroyOptions(
  { resources }: Desired,
  manifest: Manifest,
): Pick<PlanOptions, "allowDelete" | "protectedProjects" | "builtImages"> {
  const protectedProjects = resources.flatMap((one) => (one.kind === "sandbox" && one.protect ? [one.project] : []));
  return { allowDelete: Number.POSITIVE_INFINITY, protectedProjects, builtImages: builtImagesOf(manifest) };
}

/** Every image devc may have built for a manifest, also such that its files ask for no more. */
function builtImagesOf({ workspace, projects }: Manifest): NonNullable<PlanOptions["builtImages"]> {
  return projects.flatMap(({ name, devcontainer }) => {
    if (!devcontainer) return [];
    const image = (reference: string, layer?: string) =>
      ({ kind: "image", project: name, address: addressOf("image", name, layer), reference }) as const;
    return [image(builtReference(workspace, name)), image(uidReference(workspace, name), "uid")];
  });
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
