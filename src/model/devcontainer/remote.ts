import type { Entry } from "./asked.ts";
import type { HostText } from "./host-text.ts";
import type { RemoteSpec } from "./lifecycle.ts";
import type { MergedDevcontainer } from "./merge-metadata.ts";

/**
 * How one enters the sandbox. A variable of `remoteEnv` that is null is set to the text `null`, as the reference implementation
 * does: no engine can take a variable of the container away from a command.
 * @param user absent: the container's
 */
export function remoteSpec(
  entries: readonly Entry[],
  merged: MergedDevcontainer,
  user: string | undefined,
  workdir: string,
  text: HostText,
): RemoteSpec {
  const env = Object.assign({}, ...entries.map(({ raw }) => text.hidden(raw.remoteEnv ?? {}))) as Record<
    string,
    string | null
  >;
  return {
    ...(user === undefined ? {} : { user }),
    workdir,
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)])),
    userEnvProbe: merged.userEnvProbe ?? "loginInteractiveShell",
  };
}
