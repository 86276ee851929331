# shellcheck shell=bash
# Daemons by pid: start in a session of their own, check that a pid is still the one meant, stop, clean up after a crash.

# process_is PID TEXT: PID lives (is no zombie) and TEXT is in its command line.
process_is() {
  [ -n "$1" ] && [ -r "/proc/$1/cmdline" ] || return 1
  tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$2"
}

# live_pid PIDFILE TEXT: prints the pid in the file if it is that daemon.
live_pid() {
  local pid
  [ -r "$1" ] || return 1
  pid="$(cat "$1")"
  process_is "$pid" "$2" && printf %s "$pid"
}

# start_daemon PIDFILE LOG COMMAND...: own session, no stdin, output to LOG, no descriptor of the caller held open.
start_daemon() {
  local pidfile="$1" log="$2"
  shift 2
  # shellcheck disable=SC2016
  setsid bash -c '
    echo $$ >"$1"; exec </dev/null >>"$2" 2>&1; shift 2
    for fd in /proc/$$/fd/*; do fd="${fd##*/}"; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done
    cd /; exec "$@"' daemon "$pidfile" "$log" "$@" </dev/null >/dev/null 2>&1 &
  disown
}

# wait_gone PID TEXT TENTHS
wait_gone() {
  local left="$3"
  while process_is "$1" "$2"; do
    [ "$left" -gt 0 ] || return 1
    left=$((left - 1))
    sleep 0.1
  done
}

# stop_pid PIDFILE TEXT SECONDS: ask, wait, then kill; only if the pid is that daemon.
stop_pid() {
  local pid
  if pid="$(live_pid "$1" "$2")"; then
    kill -TERM "$pid" 2>/dev/null || true
    if ! wait_gone "$pid" "$2" $(($3 * 10)); then
      note "pid $pid did not stop in $3 s, killing it"
      kill -KILL "$pid" 2>/dev/null || true
      wait_gone "$pid" "$2" 100 || die "pid $pid cannot be killed" "it is still there 10 s after SIGKILL"
    fi
  fi
  rm -f "$1"
}

# pids_of NAME: the engine's daemon, containerd, shims, conmons and DNS servers. They have its private run folder in their
# command line or live in its private mount namespace; the program's name is checked too, so that somebody's editor or log
# viewer is never taken for one.
pids_of() {
  local dir comm holder space=none
  case "$1" in *-current) holder="$(tree_pid "$1")" && space="$(readlink "/proc/$holder/ns/mnt")" ;; esac
  for dir in /proc/[0-9]*; do
    comm=""
    read -r comm 2>/dev/null <"$dir/comm" || true
    case "$comm" in
      dockerd | containerd | containerd-shim* | docker-proxy | docker-init | runc* | conmon | podman | aardvark-dns | netavark)
        if process_is "${dir#/proc/}" "$RUN_ROOT/$1/" || [ "$(readlink "$dir/ns/mnt" 2>/dev/null)" = "$space" ]; then
          echo "${dir#/proc/}"
        fi ;;
    esac
  done
}

children_of() { cat "/proc/$1/task/$1/children" 2>/dev/null || true; }

kill_tree() {
  local child
  for child in $(children_of "$1"); do kill_tree "$child"; done
  kill -KILL "$1" 2>/dev/null || true
}

# kill_leftovers NAME: what outlived the daemon, with the containers below it.
kill_leftovers() {
  local pids pid round
  for round in 1 2 3 4 5; do
    pids="$(pids_of "$1")"
    [ -n "$pids" ] || return 0
    for pid in $pids; do kill_tree "$pid"; done
    sleep "0.$round"
  done
  note "processes of $1 are left: $(echo $pids)"
}

has_leftovers() { [ -n "$(pids_of "$1")" ]; }

# unmount_below FOLDER: in this mount namespace, deepest first.
unmount_below() {
  local path
  { awk -v p="$1/" 'index($5, p) == 1 { print $5 }' /proc/self/mountinfo | sort -r; } | while read -r path; do
    umount -l "$(printf '%b' "$path")" 2>/dev/null || true
  done
}

# fresh_run NAME: nothing of the engine lives, so what its last run left in the run folder is void, as after a reboot.
fresh_run() {
  unmount_below "$RUN_ROOT/$1"
  unmount_below "$ENGINES_HOME/$1"
  rm -rf --one-file-system "${RUN_ROOT:?}/$1"
  rm -f "$(socket_of "$1")"
  mkdir -p "$RUN_ROOT/$1"
}

# wait_ready NAME PIDFILE SECONDS
wait_ready() {
  local name="$1" pidfile="$2" socket pid="" until=$((SECONDS + $3)) log="$ENGINES_HOME/$1/daemon.log"
  socket="$(socket_of "$name")"
  while ! engine_answers "$socket"; do
    [ -n "$pid" ] || pid="$(cat "$pidfile" 2>/dev/null || true)"
    if [ -n "$pid" ] && [ ! -e "/proc/$pid" ]; then
      tail -n 20 "$log" >&2
      die "$name stopped while starting" "its last log lines are above ($log)" "fix what they say, then: scripts/engines up $name"
    fi
    if [ $SECONDS -ge $until ]; then
      tail -n 20 "$log" >&2
      die "$name does not answer on $socket after $3 s" "its last log lines are above ($log)" "scripts/engines down $name; then up again"
    fi
    sleep 0.2
  done
}
