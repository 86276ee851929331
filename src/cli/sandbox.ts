import { relative, isAbsolute } from "node:path";

import type { Engine, LiveContainer } from "../drivers/engine/engine.ts";
import type { Workspace } from "../drivers/files/load.ts";
import { runExec } from "../drivers/terminal/run-exec.ts";
import type { RunRequest } from "../drivers/terminal/run-exec.ts";
import { DevcError } from "../model/errors.ts";
import type { ImageFacts } from "../model/image-facts.ts";
import type { Manifest } from "../model/manifest.ts";
import { containerName } from "../model/names.ts";
import { claimContainer } from "../reconcile/ownership.ts";
import type { Context } from "./context.ts";
import { openWorkspace, unknownProject } from "./prepare.ts";

/** A project that was asked for. */
export type NamedProject = { workspace: Workspace; project: string };

/** A project that was asked for, and its container. */
export type FoundSandbox = NamedProject & {
  engine: Engine;
  /** Under its final name; undefined when there is none. */
  container: LiveContainer | undefined;
  /** The image of the container; undefined when the engine no longer has it. */
  image: ImageFacts | undefined;
};

/** A sandbox that runs and can be entered. */
export type RunningSandbox = FoundSandbox & { container: LiveContainer };

/**
 * Reads the manifest and settles which project is meant. No engine is asked for anything.
 * @param named the project; when undefined it is the only one of the workspace, or the one whose folder we are in
 * @throws DevcError `project-unknown`, `usage` when the project must be named
 */
export async function nameProject(
  context: Context,
  file: string | undefined,
  named: string | undefined,
): Promise<NamedProject> {
  const workspace = await openWorkspace(context, file);
  return { workspace, project: chooseProject(workspace.manifest, named, context) };
}

/**
 * Finds a project and its container. Only a container that is ours is ever given, whatever its name says.
 * @throws DevcError as `nameProject`, `sandbox-not-running` when another container has its name, `workspace-root-conflict`
 */
export async function findProject(
  context: Context,
  file: string | undefined,
  named: string | undefined,
): Promise<FoundSandbox> {
  const { workspace, project } = await nameProject(context, file, named);
  const engine = await context.connect();
  return { workspace, project, engine, ...(await ownedContainer(engine, workspace.manifest, project)) };
}

/**
 * Finds the running sandbox of a project.
 * @throws DevcError as `findProject`, and `sandbox-not-running`
 */
export async function findSandbox(
  context: Context,
  file: string | undefined,
  named: string | undefined,
): Promise<RunningSandbox> {
  const found = await findProject(context, file, named);
  const { container } = found;
  if (container?.state !== "running") throw notRunning(found.workspace.manifest, found.project, container);
  return { ...found, container };
}

/** Runs a command in a sandbox with the streams, signals and terminal of this process; gives its exit status. */
export function enter(context: Context, { engine, container }: RunningSandbox, request: RunRequest): Promise<number> {
  const { streams, env, clock, reporter, platform } = context;
  return runExec(engine, container.id, request, {
    streams,
    env,
    clock,
    // Windows stops no processes and has no such signal.
    onSignal: (signal, handler) =>
      signal === "SIGCONT" && platform === "win32" ? () => {} : context.onSignal(signal, handler),
    notice: (message) => reporter.message(message),
    marker: Buffer.from(context.randomBytes(8)).toString("hex"),
  });
}

/** Whether both ends of a program's conversation are our terminal. */
export function onTerminal({ streams }: Context): boolean {
  return streams.stdin.isTTY === true && streams.stdout.isTTY === true;
}

/**
 * Values of `--env`: `NAME=VALUE`, or `NAME` for the value it has here.
 * @throws DevcError `usage`
 */
export function variablesOf(context: Context, given: string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, , value] = /^([^=]+)(=([^]*))?$/.exec(text) ?? [];
      if (name === undefined) throw new DevcError("usage", `'${text}' is not NAME=VALUE`, { hint: "--env NAME=VALUE" });
      const found = value ?? context.env[name];
      if (found !== undefined) return [name, found];
      throw new DevcError("usage", `variable ${name} is not set here`, { hint: `--env ${name}=VALUE` });
    }),
  );
}

function chooseProject({ projects }: Manifest, named: string | undefined, { cwd, fs }: Context): string {
  const names = projects.map(({ name }) => name);
  if (named !== undefined) {
    if (!names.includes(named)) throw unknownProject(named, names);
    return named;
  }
  const [first, ...others] = names;
  if (first !== undefined && others.length === 0) return first;
  const here = fs.realpath(cwd);
  const [around, ...further] = projects.filter((project) => {
    const folder = project.folder?.source ?? project.devcontainer?.folder;
    return folder !== undefined && isInside(here, folder);
  });
  if (around && further.length === 0) return around.name;
  const why = around ? "this folder is in several projects" : "this folder is in no project";
  throw new DevcError("usage", `which project? ${why}`, {
    hint: names.length > 0 ? `projects: ${names.join(", ")}` : "the manifest declares no projects",
  });
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way.split(/[/\\]/, 1)[0] !== ".." && !isAbsolute(way);
}

/** The project's container under its final name, and its image. */
async function ownedContainer(
  engine: Engine,
  { workspace, root }: Manifest,
  project: string,
): Promise<Pick<FoundSandbox, "container" | "image">> {
  const name = containerName(workspace, project);
  const container = (await engine.listContainers({ workspace })).find((each) => each.name === name);
  if (!container) return { container, image: undefined };
  const image = await engine.inspectImage(container.imageId);
  const claim = claimContainer({ workspace, root }, container, image?.labels);
  if (claim.ours && claim.project === project && claim.role === "final") return { container, image };
  const why = claim.ours ? `its address is ${claim.address}` : claim.why;
  const message = `container ${name} is not the sandbox of project ${project}: ${why}`;
  if (!claim.ours && claim.otherRoot !== undefined) {
    const hint = "give one of the two workspaces another name";
    throw new DevcError("workspace-root-conflict", message, { subject: name, hint });
  }
  throw new DevcError("sandbox-not-running", message, {
    subject: name,
    hint: `rename or remove that container, then: devc up ${project}`,
  });
}

function notRunning({ projects }: Manifest, project: string, container: LiveContainer | undefined): DevcError {
  const message = container
    ? `the sandbox of project ${project} is not running; it is ${container.state}`
    : `project ${project} has no sandbox yet`;
  const up = `devc up ${project}`;
  const stopped = projects.some(({ name, state }) => name === project && state === "stopped");
  const hint = stopped ? `set 'state: running' for it, then: ${up}` : up;
  return new DevcError("sandbox-not-running", message, { subject: project, hint });
}
