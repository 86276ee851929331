import type { Engine } from "../drivers/engine/engine.ts";
import type { HookPhase, HooksSpec } from "../model/devcontainer/lifecycle.ts";

/** Hooks to run in one running container. */
export type HookRequest = {
  containerId: string;
  /** For messages. */
  project: string;
  hooks: HooksSpec;
  /** Phases to run if they have not succeeded yet; they run in the order of `HOOK_PHASES` whatever order they have here. */
  phases: HookPhase[];
  /** Puts values of the host in the place of their placeholders. */
  reveal(text: string): string;
  /**
   * One line of output, without its end, of a command of `phase`; `name` is the member of a command in object form. Lines of
   * devc itself begin with `devc: `. Must not throw.
   */
  onOutput(phase: HookPhase, name: string | undefined, line: string): void;
  /** Aborted: commands that run are ended, and nothing new begins. */
  signal: AbortSignal;
};

/**
 * Runs commands of a devcontainer.json in a sandbox. What has succeeded for this container (or this start of it) is noted
 * inside it and is not run again, so it can be called again after a failure or a crash.
 * @throws DevcError `hook-failed` when a command fails or takes too long, after its processes were ended; `interrupted`;
 * and what the engine throws
 */
export type RunHooks = (engine: Engine, request: HookRequest) => Promise<void>;
