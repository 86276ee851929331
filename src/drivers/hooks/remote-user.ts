import { DevcError } from "../../model/errors.ts";
import type { Engine } from "../engine/engine.ts";
import { isGone, runScript } from "./inside.ts";

/** The user commands run as, as the container knows it. */
export type RemoteUser = {
  /** As it was asked for and as an engine takes it; undefined: the container's user. */
  name: string | undefined;
  uid: number;
  /** Absolute; need not exist. */
  home: string;
  /** Absolute path of a shell that can be run. */
  shell: string;
  /** Where commands start: the wanted folder, or the home folder or `/` when it cannot be entered. */
  workdir: string;
};

/**
 * Prints on one line each: the effective user ID, its entry in the user database, whether `$2` (HOME of the container) can
 * be the home, the first of `$3` and the entry's shell that can be run, and the first folder that can be entered. Only
 * builtins are used, and `getent` where there is one, which also knows users of other sources than /etc/passwd.
 */
const SCRIPT = `
key=$1 home=$2 shell=$3 workdir=$4 uid= entry=
while read -r name real effective others; do
  if [ "$name" = Uid: ]; then uid=$effective; fi
done </proc/self/status
for wanted in "$key" "$uid"; do
  [ -n "$wanted" ] && [ -z "$entry" ] || continue
  entry=$(getent passwd "$wanted" 2>/dev/null) || entry=
  [ -z "$entry" ] || continue
  while IFS= read -r line || [ -n "$line" ]; do
    ids=\${line#*:*:}
    if [ "\${line%%:*}" = "$wanted" ] || [ "\${ids%%:*}" = "$wanted" ]; then entry=$line; break; fi
  done 2>/dev/null </etc/passwd
done
fits=no
if [ -n "$home" ] && { [ ! -e "$home" ] || [ -w "$home" ]; }; then fits=yes; fi
own=\${entry%:*}; own=\${own##*:}
for candidate in "$shell" "\${entry##*:}" /bin/sh; do
  case $candidate in */nologin|*/false|[!/]*|'') continue ;; esac
  if [ -f "$candidate" ] && [ -x "$candidate" ]; then break; fi
done
for folder in "$workdir" "$home" "$own" /; do
  if [ -n "$folder" ] && [ -d "$folder" ] && [ -x "$folder" ]; then break; fi
done
printf '%s\\n' "$uid" "$entry" "$fits" "$candidate" "$folder"
`;

/**
 * Finds out who commands run as. The home folder is chosen as the reference CLI chooses it (injectHeadless.ts
 * `getHomeFolder`), because the markers of both lie in it: HOME of the container when it is the user's own, or the user is
 * root, or it is missing or can be written; else the one of the user database; else `/root`.
 * @param env the container's environment
 * @throws DevcError `engine-rejected` when there is no such user or no `/bin/sh`
 */
export async function findRemoteUser(
  engine: Engine,
  containerId: string,
  { user, workdir, env }: { user: string | undefined; workdir: string; env: Record<string, string> },
): Promise<RemoteUser> {
  const { HOME = "", SHELL = "" } = env;
  const key = user?.split(":", 1)[0] ?? "";
  const words = [key, HOME, SHELL, workdir];
  const { status, stdout, stderr } = await runScript(engine, containerId, { script: SCRIPT, words, user }).catch(
    cannotEnter(containerId, user),
  );
  const [uid, entry = "", fits, shell, folder] = stdout.split("\n");
  if (status !== 0 || !/^\d+$/.test(uid ?? "") || !shell || !folder) {
    throw cannotRun(containerId, user, linesOf(stderr || stdout));
  }
  const own = entry.split(":")[5] ?? "";
  const useVariable = HOME !== "" && (HOME === own || uid === "0" || fits === "yes");
  return { name: user, uid: Number(uid), home: (useVariable ? HOME : own) || "/root", shell, workdir: folder };
}

/** An engine refuses an unknown user when a command is made, or runs it and lets it end with the reason as its output. */
function cannotEnter(containerId: string, user: string | undefined): (error: unknown) => never {
  return (error) => {
    const refused = error instanceof DevcError && !isGone(error) && error.code !== "engine-unreachable";
    if (!refused || user === undefined) throw error;
    throw cannotRun(containerId, user, [error.message, ...error.details], error);
  };
}

function cannotRun(containerId: string, user: string | undefined, why: string[], cause?: unknown): DevcError {
  const [first = "there is no /bin/sh", ...details] = why;
  const who = user === undefined ? "the container's user" : `user ${user}`;
  return new DevcError("engine-rejected", `nothing can be run as ${who} in the sandbox: ${first}`, {
    subject: containerId,
    hint: "name a user of the image: remoteUser in devcontainer.json",
    details,
    cause,
  });
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
