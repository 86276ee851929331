#!/usr/bin/env bash
# Runs inside a new mount namespace (see tree.sh): makes TREE the root, with the host's /proc, /sys, /dev and the folders
# listed in DIR/root.binds at their own paths, then sleeps to keep the namespace alive.
set -euo pipefail
tree="$1" run_root="$2" name="$3" dir="$4" marker="$5"
root="$run_root/root.$name"

mount --bind "$tree" "$root"
mount --make-private "$root"
for path in /proc /sys /dev; do mount --rbind "$path" "$root$path"; done
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -p "$root$run_root/sock" "$root$run_root/$name" "$root/run/lock"
mount --bind "$run_root/sock" "$root$run_root/sock"
while read -r path; do
  mkdir -p "$root$path"
  mount --rbind "$path" "$root$path"
done <"$dir/root.binds"

cd "$root"
pivot_root . .old-root
exec </dev/null
umount -l /.old-root
touch "$dir/root.ready"
exec -a "$marker" sleep infinity
