import { logHooks } from "../drivers/hooks/hook-log.ts";
import type { HookPhase } from "../model/devcontainer/lifecycle.ts";
import { DevcError } from "../model/errors.ts";
import { logLine } from "../report/logs-text.ts";
import type { Context } from "./context.ts";
import type { Remote } from "./remote.ts";
import type { RunningSandbox } from "./sandbox.ts";

/** `postStart` too: a sandbox may have been started by something else than devc; the runner knows whether it ran. */
const PHASES: HookPhase[] = ["postStart", "postAttach"];

/**
 * Runs what a devcontainer.json wants at every attach, and prints its output on standard error. A command that fails is told
 * and keeps nobody out: a shell is what it takes to mend it.
 * @throws DevcError `interrupted` after SIGINT or SIGTERM, when the commands' processes were ended
 */
export async function runAttachHooks(
  context: Context,
  { engine, workspace, project, container }: RunningSandbox,
  { hooks, reveal }: Remote,
): Promise<void> {
  const phases = PHASES.filter((phase) => hooks?.phases[phase]);
  if (!hooks || phases.length === 0) return;
  const { reporter, stateDir, clock, onSignal } = context;
  const log = { stateDir, workspace: workspace.manifest.workspace, now: () => clock.now(), append: true };
  const runHooks = logHooks(context.runHooks, log);
  const stop = new AbortController();
  const offs = (["SIGINT", "SIGTERM"] as const).map((signal) => onSignal(signal, () => stop.abort()));
  try {
    await runHooks(engine, {
      containerId: container.id,
      project,
      hooks,
      phases,
      reveal,
      onOutput: (phase, name, line) => {
        reporter.message(`[${name === undefined ? phase : `${phase}:${name}`}] ${logLine(line)}`);
      },
      signal: stop.signal,
    });
  } catch (error) {
    if (!(error instanceof DevcError) || error.code !== "hook-failed") throw error;
    reporter.message(`${logLine(error.message)}; the shell opens all the same.`);
  } finally {
    for (const off of offs) off();
  }
}
