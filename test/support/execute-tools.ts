import { Readable } from "node:stream";

import { DevcError } from "../../src/model/errors.ts";
import { BUILD_LABEL } from "../../src/model/devcontainer/build.ts";
import type { HookPhase } from "../../src/model/devcontainer/lifecycle.ts";
import type { ExecuteContext } from "../../src/reconcile/execute.ts";
import type { RunHooks } from "../../src/reconcile/hook-runner.ts";
import type { BuildImage } from "../../src/reconcile/image-builder.ts";

/** What an execution is given besides an engine. */
export type Tools = Pick<ExecuteContext, "buildImage" | "runHooks" | "hostValues">;

/** For plans that neither build nor run commands: whoever does fails the test. */
export const NO_TOOLS: Tools = {
  buildImage: () => {
    throw new Error("nothing is built here");
  },
  runHooks: () => {
    throw new Error("no commands are run here");
  },
  hostValues: {},
};

/** Builds without files: the engine is asked, and the image gets the labels a real build gives it. Target `broken` fails. */
export function fakeBuilder(): BuildImage {
  return async (engine, tag, build, { labels, onOutput, signal }) => {
    signal.throwIfAborted();
    onOutput(`step of ${tag}`);
    const bases = await Promise.all(
      build.bases.map(async (base) => [base, (await engine.inspectImage(base))?.id] as const),
    );
    if (build.target === "broken") {
      throw new DevcError("build-failed", `building ${tag} failed`, { details: ["the last line of the step"] });
    }
    await engine.buildImage({
      tag,
      context: () => Readable.from([]),
      dockerfile: "Dockerfile",
      args: build.args,
      cacheFrom: build.cacheFrom,
      extraHosts: build.extraHosts,
      labels: {
        ...labels,
        [BUILD_LABEL.inputs]: build.inputs,
        [BUILD_LABEL.bases]: JSON.stringify(Object.fromEntries(bases.filter(([, id]) => id !== undefined))),
      },
      secrets: {},
      onOutput: () => {},
      signal,
    });
  };
}

/** Commands that ran, oldest first. */
export type RanHook = { containerId: string; phase: HookPhase; command: string };

/** A runner that runs nothing, and what it was asked. */
export type FakeHooks = {
  runHooks: RunHooks;
  ran: RanHook[];
  /** Phases that succeeded, by container and, when they belong to a start, by start: see `markOf`. */
  succeeded: Set<string>;
};

/** What stands for a phase that succeeded in a container. `startedText`: when it was last started. */
export function markOf(containerId: string, phase: HookPhase, startedText: string): string {
  return phase === "postStart" ? `${containerId} ${phase} ${startedText}` : `${containerId} ${phase}`;
}

/**
 * Runs commands by noting them, with the rule of the real runner: what has succeeded for a container (or this start of it)
 * does not run again.
 * @param outcome decides about each command; the default is that all succeed
 * @param succeeded what has succeeded before
 */
export function fakeHooks(
  outcome: (hook: RanHook) => "succeeds" | "fails" = () => "succeeds",
  succeeded: Set<string> = new Set(),
): FakeHooks {
  const ran: RanHook[] = [];
  const runHooks: RunHooks = async (engine, { containerId, hooks, phases, onOutput, signal }) => {
    const detail = await engine.inspectContainer(containerId);
    if (detail?.container.state !== "running") {
      throw new DevcError("sandbox-not-running", "the container does not run", { subject: containerId });
    }
    for (const phase of phases) {
      const mark = markOf(containerId, phase, detail.startedText);
      if (succeeded.has(mark)) continue;
      for (const { command } of hooks.phases[phase] ?? []) {
        signal.throwIfAborted();
        // As the real one, it asks the engine for each command: tests of crashes and failures count on it.
        await engine.inspectContainer(containerId);
        const hook = { containerId, phase, command: String(command) };
        ran.push(hook);
        onOutput(phase, undefined, `ran ${String(command)}`);
        if (outcome(hook) === "fails") {
          throw new DevcError("hook-failed", `${phase}: ${String(command)} failed`, { details: ["exit status 1"] });
        }
      }
      succeeded.add(mark);
    }
  };
  return { runHooks, ran, succeeded };
}
