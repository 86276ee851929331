# shellcheck shell=bash
# Docker daemons in folders of their own. Every name that another Docker on this machine could use (bridge, address pool,
# socket, pid file, configuration file) is set here.

# number NAME: the place of an engine in ENGINE_NAMES; makes names and subnets differ.
number() {
  local i
  for i in "${!ENGINE_NAMES[@]}"; do [ "${ENGINE_NAMES[$i]}" != "$1" ] || printf %s $((i + 1)); done
}

# Each engine has a /16 of its own: 256 networks of 254 addresses, where Docker's default pools end after about 30.
pool_of() { printf '%s%s' "${DEVC_ENGINES_NET:-10.20}" "$(number "$1")"; }
bridge_of() { printf 'devc-e%s' "$(number "$1")"; }

docker_config() {
  local name="$1" dir="$ENGINES_HOME/$1" group=""
  [ "$name" = docker ] || group='"group": "0",' # the tree's docker group is another group's number here
  [ -z "${DEVC_ENGINES_OWNER:-}" ] || group="\"group\": \"${DEVC_ENGINES_OWNER#*:}\","
  cat >"$dir/daemon.json" <<JSON
{
  "hosts": ["unix://$(socket_of "$name")"], $group
  "data-root": "$dir/data",
  "exec-root": "$RUN_ROOT/$name/exec",
  "pidfile": "$RUN_ROOT/$name/docker.pid",
  "bridge": "$(bridge_of "$name")",
  "default-address-pools": [{ "base": "$(pool_of "$name").0.0/16", "size": 24 }],
  "shutdown-timeout": 10
}
JSON
}

# A daemon with a bridge other than docker0 wants it made beforehand. Forwarding is switched on here, because a dockerd
# that does it itself also sets the policy of FORWARD to DROP, which cuts off the other engines' containers.
docker_network() {
  local bridge
  bridge="$(bridge_of "$1")"
  ip link show dev "$bridge" >/dev/null 2>&1 || ip link add name "$bridge" type bridge
  ip -4 addr show dev "$bridge" | grep -q "inet $(pool_of "$1")\." || ip addr add "$(pool_of "$1").0.1/24" dev "$bridge"
  ip link set dev "$bridge" up
  [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] || echo 1 >/proc/sys/net/ipv4/ip_forward
}

# Two dockerds in one network namespace delete each other's chains (DOCKER, DOCKER-USER, …) when they start. The old one
# therefore uses the kernel's legacy tables, where they exist; all others (and a system Docker) the nftables ones.
legacy_iptables_path() {
  local dir="$ENGINES_HOME/docker/bin" tool
  for tool in iptables ip6tables; do
    { have $tool-legacy && $tool-legacy -t nat -nL >/dev/null 2>&1; } || return 0
  done
  mkdir -p "$dir"
  for tool in iptables ip6tables; do
    ln -sfn "$(command -v $tool-legacy)" "$dir/$tool"
    ln -sfn "$(command -v $tool-legacy-save)" "$dir/$tool-save"
    ln -sfn "$(command -v $tool-legacy-restore)" "$dir/$tool-restore"
  done
  printf '%s:' "$dir"
}

start_docker() {
  local dir="$ENGINES_HOME/docker" dockerd
  have dockerd && have containerd && have runc && have iptables || install_packages docker.io containerd runc iptables iproute2
  dockerd="$(command -v dockerd)"
  docker_config docker
  docker_network docker
  start_daemon "$dir/daemon.pid" "$dir/daemon.log" env PATH="$(legacy_iptables_path)$PATH" \
    "$dockerd" --config-file "$dir/daemon.json"
}

start_docker_current() {
  local dir="$ENGINES_HOME/docker-current"
  docker_config docker-current
  docker_network docker-current
  start_daemon "$dir/daemon.pid" "$dir/daemon.log" nsenter --mount="/proc/$(tree_pid docker-current)/ns/mnt" -- \
    dockerd --config-file "$dir/daemon.json"
}

# Containers end with the daemon: it stops them in at most 10 s.
stop_docker() {
  stop_pid "$ENGINES_HOME/$1/daemon.pid" "$ENGINES_HOME/$1/daemon.json" 25
}

drop_docker_network() {
  ! ip link show dev "$(bridge_of "$1")" >/dev/null 2>&1 || ip link delete dev "$(bridge_of "$1")" || true
}
