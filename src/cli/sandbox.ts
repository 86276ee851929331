import { relative, isAbsolute } from "node:path";

import type { Engine, LiveContainer } from "../drivers/engine/engine.ts";
import { runExec } from "../drivers/terminal/run-exec.ts";
import type { RunRequest } from "../drivers/terminal/run-exec.ts";
import { DevcError } from "../model/errors.ts";
import type { Manifest } from "../model/manifest.ts";
import { containerName } from "../model/names.ts";
import { claimContainer } from "../reconcile/ownership.ts";
import type { Context } from "./context.ts";
import { openWorkspace, unknownProject } from "./prepare.ts";

/** A sandbox that runs and can be entered. */
export type RunningSandbox = { engine: Engine; id: string; project: string };

/**
 * Finds the running sandbox of a project. Only a container that is ours is ever entered, whatever its name says.
 * @param named the project; when undefined it is the only one of the workspace, or the one whose folder we are in
 * @throws DevcError `project-unknown`, `usage` when the project must be named, `sandbox-not-running`,
 * `workspace-root-conflict`
 */
export async function findSandbox(
  context: Context,
  file: string | undefined,
  named: string | undefined,
): Promise<RunningSandbox> {
  const { manifest } = await openWorkspace(context, file);
  const project = chooseProject(manifest, named, context);
  const engine = await context.connect();
  const container = await ownedContainer(engine, manifest, project);
  if (container?.state !== "running") throw notRunning(manifest, project, container);
  return { engine, id: container.id, project };
}

/** Runs a command in a sandbox with the streams, signals and terminal of this process; gives its exit status. */
export function enter(context: Context, { engine, id }: RunningSandbox, request: RunRequest): Promise<number> {
  const { streams, env, clock, reporter, platform } = context;
  return runExec(engine, id, request, {
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
  const [around, ...further] = projects.filter(({ folder }) => folder && isInside(here, folder.source));
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

/** The project's container under its final name; undefined when there is none. */
async function ownedContainer(
  engine: Engine,
  { workspace, root }: Manifest,
  project: string,
): Promise<LiveContainer | undefined> {
  const name = containerName(workspace, project);
  const container = (await engine.listContainers({ workspace })).find((each) => each.name === name);
  if (!container) return undefined;
  const image = await engine.inspectImage(container.imageId);
  const claim = claimContainer({ workspace, root }, container, image?.labels);
  if (claim.ours && claim.project === project && claim.role === "final") return container;
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
