# shellcheck shell=bash
# Podman services in folders of their own: storage, networks, locks and temporary files apart from any other Podman's.

# limit n|u: the hard limit of open files or processes, as Podman 4.3 sees it: it lowers its own number of processes to
# pid_max, and a container that asks for more does not start.
limit() {
  local value most=1048576
  [ "$1" != u ] || most="$(cat /proc/sys/kernel/pid_max)"
  value="$(ulimit -H"$1")"
  [ "$value" != unlimited ] && [ "$value" -lt "$most" ] || value="$most"
  printf '%s:%s' "$value" "$value"
}

# podman_config NAME. runc and cgroupfs: crun refuses the hybrid cgroup v1 layout and there may be no systemd.
# The ulimits: Podman's defaults exceed the hard limits of small machines. Locks as files: the shared-memory ones are one
# segment for all Podmans of a machine. Events as a file: there may be no journal.
podman_config() {
  local name="$1" dir="$ENGINES_HOME/$1" run="$RUN_ROOT/$1"
  mkdir -p "$dir/networks" "$run/tmp"
  cat >"$dir/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=$(limit n)", "nproc=$(limit u)"]
log_driver = "k8s-file"

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "$run/tmp"
helper_binaries_dir = ["$dir/bin", "/usr/lib/podman", "/usr/libexec/podman", "/usr/local/libexec/podman"]

[network]
network_backend = "netavark"
network_config_dir = "$dir/networks"
default_subnet = "$(pool_of "$name").0.0/24"
default_subnet_pools = [{ "base" = "$(pool_of "$name").0.0/16", "size" = 24 }]
CONF
  cat >"$dir/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$dir/data"
runroot = "$run/run"
CONF
  printf 'unqualified-search-registries = ["docker.io"]\n' >"$dir/registries.conf"
  podman_network "$name"
  podman_bridges "$name"
}

# Podman names the bridges of its networks podman1, podman2, … and they come to be with the first container: two Podmans
# in one network namespace share bridges and lose packets. A filter before netavark gives each engine names of its own.
podman_bridges() {
  local dir="$ENGINES_HOME/$1/bin"
  mkdir -p "$dir"
  cat >"$dir/netavark.new" <<SH
#!/bin/sh
for dir in /usr/lib/podman /usr/libexec/podman /usr/local/libexec/podman; do
  [ ! -x "\$dir/netavark" ] || break
done
sed 's/"network_interface":"podman\([0-9]*\)"/"network_interface":"$(bridge_of "$1")n\1"/g' | "\$dir/netavark" "\$@"
SH
  chmod 755 "$dir/netavark.new"
  mv "$dir/netavark.new" "$dir/netavark"
}

# The default network with a bridge name of its own; podman0 is that of any other Podman.
podman_network() {
  local file="$ENGINES_HOME/$1/networks/podman.json" pool
  pool="$(pool_of "$1")"
  cat >"$file" <<JSON
{
  "name": "podman",
  "id": "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9",
  "driver": "bridge",
  "network_interface": "$(bridge_of "$1")",
  "created": "2020-01-01T00:00:00Z",
  "subnets": [{ "subnet": "$pool.0.0/24", "gateway": "$pool.0.1" }],
  "ipv6_enabled": false,
  "internal": false,
  "dns_enabled": false,
  "ipam_options": { "driver": "host-local" }
}
JSON
}

# podman_command NAME: fills the array PODMAN with the command line of that engine's podman.
podman_command() {
  local dir="$ENGINES_HOME/$1" holder
  PODMAN=(env CONTAINERS_CONF="$dir/containers.conf" CONTAINERS_STORAGE_CONF="$dir/storage.conf"
    CONTAINERS_REGISTRIES_CONF="$dir/registries.conf" podman --root "$dir/data" --runroot "$RUN_ROOT/$1/run")
  if [ "$1" = podman-current ]; then
    holder="$(tree_pid "$1")" || return 1
    PODMAN=(nsenter --mount="/proc/$holder/ns/mnt" -- "${PODMAN[@]}")
  fi
}

start_podman() {
  local name="${1:-podman}" dir="$ENGINES_HOME/${1:-podman}" PODMAN
  if [ "$name" = podman ]; then
    have podman && have runc && have iptables && [ -x /usr/lib/podman/netavark ] && [ -x /usr/lib/podman/aardvark-dns ] ||
      install_packages podman runc netavark aardvark-dns iptables iproute2
  fi
  podman_config "$name"
  podman_command "$name"
  [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] || echo 1 >/proc/sys/net/ipv4/ip_forward
  start_daemon "$dir/daemon.pid" "$dir/daemon.log" "${PODMAN[@]}" system service --time=0 "unix://$(socket_of "$name")"
}

# The service's end leaves containers running (each under its conmon): they are killed first, so that Podman itself takes
# their networks and mounts down.
stop_podman() {
  local name="$1" PODMAN
  if podman_command "$name" && { [ "$name" = podman-current ] || have podman; }; then
    timeout 60 "${PODMAN[@]}" kill --all </dev/null >>"$ENGINES_HOME/$name/daemon.log" 2>&1 || true
    timeout 60 "${PODMAN[@]}" stop --all --time 1 </dev/null >>"$ENGINES_HOME/$name/daemon.log" 2>&1 || true
  fi
  stop_pid "$ENGINES_HOME/$name/daemon.pid" "unix://$(socket_of "$name")" 15
}
