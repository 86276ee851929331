# shellcheck shell=bash
# The current engines: packages of a newer Debian in a debootstrap tree, run in a mount namespace whose root is that tree.
# A plain chroot is not enough (runc cannot remount /). A small holder process keeps the namespace, so that a daemon that
# was killed can be started again beside its containers.

TREE_SUITE="${DEVC_ENGINES_SUITE:-forky}"
TREE="$ENGINES_HOME/tree-$TREE_SUITE"
TREE_PACKAGES="ca-certificates,iproute2,docker.io,docker-cli,docker-compose,containerd,iptables,runc,podman,netavark,aardvark-dns,nftables"

# build_tree: once, next to its final place, then renamed: a half-built tree is never used.
build_tree() {
  [ ! -d "$TREE" ] || return 0
  local part="$ENGINES_HOME/tree.part" log="$ENGINES_HOME/tree.log"
  need_apt debootstrap
  install_packages debootstrap
  say "Building the Debian $TREE_SUITE tree for the current engines (about 1 GB, 1 to 2 minutes; log: $log)"
  rm -rf --one-file-system "$part"
  bootstrap "$TREE_SUITE" "$part" "$TREE_PACKAGES" "$log"
  rm -rf "$part"/var/cache/apt/archives/*.deb "$part"/var/lib/apt/lists/*
  mkdir -p "$part/.old-root"
  mv "$part" "$TREE"
}

# tree_binds: host folders that are visible at the same path inside, one a line.
tree_binds() {
  local path top
  { printf '%s\n' /tmp /root "$HOME" "$REPO" "$PWD" "$ENGINES_HOME"; printf '%s\n' "${DEVC_ENGINES_BIND:-}" | tr ':' '\n'; } |
    while read -r path; do
      [ -n "$path" ] && [ "$path" != / ] && [ -d "$path" ] || continue
      top="/$(printf %s "${path#/}" | cut -d/ -f1)"
      case "$top" in
        /run | /proc | /sys | /dev) continue ;;
        /usr | /etc | /var | /opt | /lib* | /bin | /sbin | /boot) printf '%s\n' "$path" ;;
        *) printf '%s\n' "$top" ;;
      esac
    done | sort -u
}

tree_marker() { printf 'devc-engine-root:%s:%s' "$RUN_ROOT" "$1"; }
tree_pid() { live_pid "$ENGINES_HOME/$1/root.pid" "$(tree_marker "$1")"; }

# hold_tree NAME: starts the holder unless it lives.
hold_tree() {
  local name="$1" dir="$ENGINES_HOME/$1" left=100
  ! tree_pid "$name" >/dev/null || return 0
  mkdir -p "$RUN_ROOT/sock" "$RUN_ROOT/root.$name"
  cat /etc/resolv.conf >"$TREE/etc/resolv.conf" 2>/dev/null || true
  cat /etc/hosts >"$TREE/etc/hosts" 2>/dev/null || true
  [ ! -r /etc/ssl/certs/ca-certificates.crt ] || cat /etc/ssl/certs/ca-certificates.crt >"$TREE/etc/ssl/certs/ca-certificates.crt"
  rm -f "$dir/root.ready"
  tree_binds >"$dir/root.binds"
  start_daemon "$dir/root.pid" "$dir/root.log" unshare --mount --propagation slave \
    bash "$SCRIPTS/lib/enter-tree.sh" "$TREE" "$RUN_ROOT" "$name" "$dir" "$(tree_marker "$name")"
  until [ -e "$dir/root.ready" ]; do
    left=$((left - 1))
    if [ "$left" -eq 0 ]; then
      tail -n 15 "$dir/root.log" >&2
      die "cannot enter the tree of $name" "see the lines above ($dir/root.log)" "is this a container without the right to mount? Run on the host itself"
    fi
    sleep 0.1
  done
}

release_tree() {
  stop_pid "$ENGINES_HOME/$1/root.pid" "$(tree_marker "$1")" 3
  rm -f "$ENGINES_HOME/$1/root.ready"
  rmdir "$RUN_ROOT/root.$1" 2>/dev/null || true
}
