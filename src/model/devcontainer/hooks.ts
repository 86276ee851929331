import type { Entry } from "./asked.ts";
import type { HostText } from "./host-text.ts";
import { HOOK_PHASES, runsSomething } from "./lifecycle.ts";
import type { HookEntry, HookPhase, HooksSpec, RemoteSpec } from "./lifecycle.ts";
import type { MergedDevcontainer } from "./merge-metadata.ts";
import { IMAGE_METADATA } from "./notes.ts";

/**
 * The commands of a sandbox, image metadata first; undefined when there are none. Values of the host's environment stand
 * in them as placeholders.
 */
export function hooksSpec(
  entries: readonly Entry[],
  merged: MergedDevcontainer,
  remote: RemoteSpec,
  timeoutMs: number,
  text: HostText,
): HooksSpec | undefined {
  const phases: HooksSpec["phases"] = {};
  for (const phase of HOOK_PHASES) {
    const found = entries.flatMap((entry) => entriesOf(entry, phase, text));
    if (found.length > 0) phases[phase] = found;
  }
  if (Object.keys(phases).length === 0) return undefined;
  return { phases, remote, timeoutMs, waitFor: waitFor(merged) };
}

/** Name of a phase's commands in a devcontainer.json. */
export function hookKey(phase: HookPhase): `${HookPhase}Command` {
  return `${phase}Command`;
}

/** Phase up to which commands that enter wait: `updateContent` when nobody says. */
function waitFor({ waitFor: asked }: MergedDevcontainer): HooksSpec["waitFor"] {
  const phase = asked?.replace(/Command$/, "");
  return phase === "initialize" ? phase : (HOOK_PHASES.find((each) => each === phase) ?? "updateContent");
}

function entriesOf({ raw, from }: Entry, phase: HookPhase, text: HostText): HookEntry[] {
  const key = hookKey(phase);
  const command = raw[key];
  if (!runsSomething(command)) return [];
  const source = from(key) === IMAGE_METADATA ? "image" : "devcontainer.json";
  return [{ command: text.hidden(command), source }];
}
