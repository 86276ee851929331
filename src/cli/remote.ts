import { remoteEnvironment } from "../drivers/hooks/remote-environment.ts";
import { compile } from "../model/compile.ts";
import type { DesiredDevcontainer } from "../model/desired.ts";
import { reveal } from "../model/host-values.ts";
import type { Context } from "./context.ts";
import { environmentCache } from "./environment-cache.ts";
import { waitForHooks } from "./pending-hooks.ts";
import type { RunningSandbox } from "./sandbox.ts";
import { surroundingsOf } from "./surroundings.ts";

/** What a devcontainer.json says about entering a sandbox. */
export type Remote = DesiredDevcontainer & {
  /** Puts values of the host in the place of their placeholders. */
  reveal(text: string): string;
};

/** Stands for the image of a container, whatever tags it has now. */
const OWN_IMAGE = "image-of-the-sandbox";

/**
 * How to enter a sandbox: as its devcontainer.json says now, with the metadata of the image the container was made from, which
 * need not be the one the file would give now. Undefined for projects without a devcontainer.json.
 * @throws DevcError what compiling throws
 */
async function remoteOf(
  context: Context,
  { engine, workspace, project, image }: RunningSandbox,
): Promise<Remote | undefined> {
  const declared = workspace.manifest.projects.find(({ name }) => name === project);
  if (!declared?.devcontainer) return undefined;
  const { build: _build, ...located } = declared.devcontainer;
  const entered = { ...located, config: { ...located.config, image: OWN_IMAGE } };
  const manifest = { ...workspace.manifest, projects: [{ ...declared, devcontainer: entered }] };
  const surroundings = surroundingsOf(context, { [OWN_IMAGE]: image ?? null });
  const { resources, hostValues } = compile(manifest, await engine.facts(), surroundings);
  const devcontainer = resources.find((one) => one.kind === "sandbox")?.devcontainer;
  return devcontainer && { ...devcontainer, reveal: (text) => reveal(text, hostValues) };
}

/** How a command is run, for `enter`. */
export type PreparedEntry = {
  entry: { user?: string; workdir?: string; env: Record<string, string> };
  /** Absent for projects without a devcontainer.json. */
  remote?: Remote;
  /** All commands of the devcontainer.json have succeeded. */
  complete: boolean;
};

/**
 * Waits until a sandbox may be entered, and tells who a command runs as, where, and with which variables: as the
 * devcontainer.json says, unless the command line says otherwise. Another user gets the environment of its own shell.
 * @throws DevcError what `remoteOf`, `waitForHooks` and the engine throw
 */
export async function prepareEntry(
  context: Context,
  sandbox: RunningSandbox,
  { user, workdir, env }: { user?: string | undefined; workdir?: string | undefined; env: Record<string, string> },
): Promise<PreparedEntry> {
  const given = { ...(user === undefined ? {} : { user }), ...(workdir === undefined ? {} : { workdir }) };
  const remote = await remoteOf(context, sandbox);
  if (!remote) return { entry: { ...given, env }, complete: true };
  const complete = await waitForHooks(context, sandbox, remote);
  const wish = { ...remote.remote, ...given };
  const { problems, ...found } = await remoteEnvironment(sandbox.engine, sandbox.container.id, wish, {
    reveal: remote.reveal,
    cache: environmentCache(context),
    world: context,
  });
  for (const problem of problems) context.reporter.message(problem);
  return { entry: { ...found, env: { ...found.env, ...env } }, remote, complete };
}
