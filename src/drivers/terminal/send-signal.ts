import type { Engine } from "../engine/engine.ts";

/** Variable that marks the processes of one exec. Programs inside may read it; nothing depends on its value. */
export const MARKER_VARIABLE = "DEVC_EXEC";

/**
 * Finds the exec's first process, the one that carries the marker and whose parent is outside the sandbox (0), and
 * signals its process group: what a terminal does on Ctrl-C. Needs nothing but a POSIX shell and /proc; `read` drops
 * the zero bytes between variables. Exit status: 0 sent, 3 no such process, else the one of `kill`.
 */
const SCRIPT = `
for dir in /proc/[0-9]*; do
  parent=
  while read -r key value rest; do
    if [ "$key" = PPid: ]; then parent=$value; break; fi
  done 2>/dev/null <"$dir/status"
  [ "$parent" = 0 ] || continue
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *"${MARKER_VARIABLE}=$1"*) kill -s "$2" -- "-\${dir#/proc/}"; exit ;; esac
  done 2>/dev/null <"$dir/environ"
done
exit 3
`;

/**
 * Sends a signal to a command that `runExec` started. The Engine API has no call for it (moby issue 9098), so a second,
 * short exec of the same user does it from inside.
 * @param signal with its `SIG`
 * @returns whether it was sent; false when the command has ended, or the sandbox has no shell
 * @throws DevcError when the engine fails
 */
export async function sendSignal(
  engine: Engine,
  containerId: string,
  target: { marker: string; user?: string },
  signal: string,
): Promise<boolean> {
  const session = await engine.exec(containerId, {
    command: ["sh", "-c", SCRIPT, "sh", target.marker, signal.replace(/^SIG/, "")],
    ...(target.user === undefined ? {} : { user: target.user }),
    workdir: "/",
    tty: false,
    stdin: false,
  });
  session.stdout.resume();
  session.stderr.resume();
  return (await session.exit) === 0;
}
