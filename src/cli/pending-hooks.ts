import { succeededIn } from "../drivers/hooks/succeeded-in.ts";
import { isLockHeld } from "../drivers/lock/lock.ts";
import type { HookPhase } from "../model/devcontainer/lifecycle.ts";
import { DevcError } from "../model/errors.ts";
import { hooksRecordName } from "../model/names.ts";
import { claimVolume } from "../reconcile/ownership.ts";
import type { Context } from "./context.ts";
import type { Remote } from "./remote.ts";
import type { RunningSandbox } from "./sandbox.ts";

/** Milliseconds between looks while another devc runs commands. */
const POLL_MS = 500;

/**
 * Waits until the commands of a devcontainer.json have come as far as its `waitFor` wants before anybody enters. Returns at
 * once when nothing is pending.
 * @returns whether all commands have succeeded; false: some still run, or failed after the phase that is waited for
 * @throws DevcError `hook-failed` when the phase has not succeeded and no devc is at work that could bring it to its end;
 * `interrupted`; `not-found` and `sandbox-not-running` when the sandbox is removed or stops meanwhile
 */
export async function waitForHooks(context: Context, sandbox: RunningSandbox, remote: Remote): Promise<boolean> {
  const { hooks } = remote;
  if (!hooks) return true;
  const { engine, project, container } = sandbox;
  const { reporter, clock, stopping } = context;
  const until = hooks.waitFor === "postAttach" ? "postStart" : hooks.waitFor;
  for (let told = false; ; told = true) {
    // The lock is looked at first: a devc that has just let go of it has noted before what succeeded.
    const busy = await isBusy(context, sandbox);
    if (!(await isPending(sandbox))) return true;
    if (until === "initialize") return false;
    const done: ReadonlySet<HookPhase> = await succeededIn(engine, container.id, hooks.remote, remote.reveal);
    if (done.has(until)) return false;
    if (!busy) throw notSucceeded(project, until);
    if (!told) reporter.message(`Waiting until ${until}Command of project ${project} is over …`);
    await clock.sleep(POLL_MS, stopping);
  }
}

/** Whether the record is there that is made before commands run and removed when all have succeeded. */
async function isPending({ engine, workspace, project, container }: RunningSandbox): Promise<boolean> {
  const { manifest } = workspace;
  const name = hooksRecordName(manifest.workspace, project, container.id);
  const volumes = await engine.listVolumes({ workspace: manifest.workspace });
  return volumes.some((volume) => volume.name === name && claimVolume(manifest, volume).ours);
}

async function isBusy({ platform, runtimeDir }: Context, { engine, workspace }: RunningSandbox): Promise<boolean> {
  const { id } = await engine.facts();
  return isLockHeld({ engineId: id, workspace: workspace.manifest.workspace, platform, dir: runtimeDir });
}

function notSucceeded(project: string, phase: HookPhase): DevcError {
  const message = `${phase}Command of project ${project} has not succeeded, and no devc is running it`;
  return new DevcError("hook-failed", message, {
    subject: project,
    hint: `devc up ${project}; what it printed last: devc logs --hooks ${project}`,
  });
}
