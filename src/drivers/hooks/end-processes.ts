import type { Engine } from "../engine/engine.ts";
import { isGone, runScript } from "./inside.ts";
import type { HooksWorld } from "./inside.ts";

/** Variable that marks the processes of one hook; children inherit it. Nothing depends on its value. */
export const HOOK_VARIABLE = "DEVC_HOOK";

/** An engine may say that a command runs a moment before it does: looks until its processes are found, and their pause. */
const FIRST_LOOKS = 20;
const FIRST_PAUSE_MS = 100;
/** Looks at processes that were asked to end, and the milliseconds before each. */
const GRACE_MS = [50, 100, 200, 400, 800];
/** Processes that keep starting others need several rounds. */
const KILL_ROUNDS = 20;
const KILL_PAUSE_MS = 100;

/**
 * Signals every process that carries the marker, and every other one of their sessions: a program that cleared its
 * environment is still in the session of the command that started it, because each exec begins a session of its own.
 * `$3` are sessions that are already known. Prints the sessions, and exits with 0 when there was something to signal, else
 * with 3. Only builtins: the state and the session are fields 3 and 6 of /proc/PID/stat (proc(5)); the program's name before
 * them may hold anything, so what follows the last `) ` is read.
 */
const SCRIPT = `
sessions=" $3 " marked=" "
look() {
  IFS= read -r stat <"/proc/$1/stat" || return
  stat=\${stat##*) } state=\${stat%% *}
  session=\${stat#* * * } session=\${session%% *}
}
for dir in /proc/[0-9]*; do
  pid=\${dir#/proc/}
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *"${HOOK_VARIABLE}=$1"*) ;; *) continue ;; esac
    marked="$marked$pid "
    if look "$pid"; then
      case " 0 1$sessions" in *" $session "*) ;; *) sessions="$sessions$session " ;; esac
    fi
    break
  done <"$dir/environ"
done 2>/dev/null
found=3
for dir in /proc/[0-9]*; do
  pid=\${dir#/proc/}
  look "$pid" || continue
  case $state in Z|X) continue ;; esac
  case $sessions in *" $session "*) ours=yes ;; *) ours= ;; esac
  case $marked in *" $pid "*) ours=yes ;; esac
  if [ -n "$ours" ]; then found=0; kill -s "$2" "$pid"; fi
done 2>/dev/null
printf '%s\n' "$sessions"
exit $found
`;

/** Whose processes are ended. */
export type EndTarget = {
  /** Value of `HOOK_VARIABLE`. */
  marker: string;
  /** The command's user as an engine takes it, and its ID. */
  user: string | undefined;
  uid: number;
  /** Whether the command itself has come to its end by now: then nothing need be waited for. */
  hasEnded(): boolean;
};

/**
 * Ends every process of a command that was started with the marker, also those that moved to the background or became
 * another user's: asks them to end, waits a little, kills. As the command's user, who alone may read what its processes
 * carry, and as root, for those that changed hands.
 * @returns whether nothing is left
 * @throws DevcError what the engine throws, except for a container that stopped: with it everything ended
 */
export async function endProcesses(
  engine: Engine,
  containerId: string,
  { marker, user, uid, hasEnded }: EndTarget,
  { clock }: HooksWorld,
): Promise<boolean> {
  let sessions = "";
  const round = async (signal: string): Promise<boolean> => {
    let found = false;
    for (const as of uid === 0 ? [user] : [user, "0"]) {
      const words = [marker, signal, sessions];
      const { status, stdout } = await runScript(engine, containerId, { script: SCRIPT, words, user: as });
      sessions = stdout.trim();
      found ||= status === 0;
    }
    return found;
  };
  try {
    for (let left = FIRST_LOOKS; !(await round("TERM")); left--) {
      if (hasEnded() || left === 0) return hasEnded();
      await clock.sleep(FIRST_PAUSE_MS);
    }
    for (const ms of GRACE_MS) {
      await clock.sleep(ms);
      // Signal 0 only looks.
      if (!(await round("0"))) return true;
    }
    for (let left = KILL_ROUNDS; left > 0; left--) {
      if (!(await round("KILL"))) return true;
      await clock.sleep(KILL_PAUSE_MS);
    }
    return false;
  } catch (error) {
    if (isGone(error)) return true;
    throw error;
  }
}
