/** Phases of a sandbox's life in which a devcontainer.json runs commands inside, in their order. */
export const HOOK_PHASES = ["onCreate", "updateContent", "postCreate", "postStart", "postAttach"] as const;

/** One of `HOOK_PHASES`. */
export type HookPhase = (typeof HOOK_PHASES)[number];

/** Phases that run once per container, those that run at every start, and all of both in order. */
export const ONCE_PHASES: readonly HookPhase[] = ["onCreate", "updateContent", "postCreate"];
export const START_PHASES: readonly HookPhase[] = ["postStart"];

/** A text for `/bin/sh -c`, a program with its arguments, or several of them by name that run side by side. */
export type HookCommand = string | string[] | Record<string, string | string[]>;

/** One command of a phase and where it comes from, for people: `devcontainer.json`, `image`. */
export type HookEntry = { command: HookCommand; source: string };

/** How commands are run in a sandbox: hooks, and what people and agents run. */
export type RemoteSpec = {
  /** `remoteUser`; absent: the container's user. */
  user?: string;
  /** Where commands start. */
  workdir: string;
  /**
   * `remoteEnv`; values may hold `${containerEnv:NAME}`, which is known only inside, and placeholders of host values.
   */
  env: Record<string, string>;
  userEnvProbe: "none" | "loginShell" | "interactiveShell" | "loginInteractiveShell";
};

/** Everything the hooks of a sandbox need. Plain JSON: it is part of plans. */
export type HooksSpec = {
  /** Entries by phase, image metadata first; phases without entries are absent. */
  phases: Partial<Record<HookPhase, HookEntry[]>>;
  remote: RemoteSpec;
  /** Milliseconds one command may take. */
  timeoutMs: number;
  /** Commands that enter wait until this phase is over. */
  waitFor: HookPhase | "initialize";
};

/** Whether there is a command and not an empty one. */
export function runsSomething(command: HookCommand | undefined): command is HookCommand {
  if (command === undefined) return false;
  return typeof command === "string" ? command.trim() !== "" : Object.keys(command).length > 0;
}
