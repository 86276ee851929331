# shellcheck shell=bash
# Shared by scripts/engines, scripts/base-image, scripts/quickstart and .ci/run: messages, paths, packages, HTTP.

# A client's variables must not redirect the daemons and tools that these scripts start.
unset DOCKER_CONTEXT CONTAINER_HOST CONTAINER_CONNECTION CONTAINERS_CONF CONTAINERS_STORAGE_CONF
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

ENGINE_NAMES=(docker podman docker-current podman-current)
ENGINES_HOME="${DEVC_ENGINES_HOME:-${XDG_STATE_HOME:-$HOME/.local/state}/devc/engines}"
SCRIPTS="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
REPO="$(dirname "$SCRIPTS")"
# Sockets and short-lived files: a socket path may have about 100 characters, a home folder may be long.
RUN_ROOT="/run/devc-engines/$(printf %s "$ENGINES_HOME" | sha256sum | cut -c1-8)"

say() { printf '%s\n' "$*"; }
note() { printf 'note: %s\n' "$*" >&2; }
# die WHAT [WHY [NEXT]]
die() {
  printf 'error: %s\n' "$1" >&2
  [ -z "${2:-}" ] || printf '  why:  %s\n' "$2" >&2
  [ -z "${3:-}" ] || printf '  next: %s\n' "$3" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

socket_of() { printf '%s/sock/%s.sock' "$RUN_ROOT" "$1"; }

is_engine() {
  local name
  for name in "${ENGINE_NAMES[@]}"; do [ "$name" != "$1" ] || return 0; done
  return 1
}

# Engines run as root. Another user gets there with sudo, keeping its own state folder and owning the sockets.
become_root() {
  [ "$(id -u)" != 0 ] || return 0
  local self="$1" ask=-n
  shift
  [ ! -t 0 ] || ask=--
  if have sudo && { [ "$ask" = -- ] || sudo -n true 2>/dev/null; }; then
    [ "$ask" = -n ] || say "Root rights are needed (sudo) for: $(basename "$self") $*"
    exec sudo "$ask" env DEVC_ENGINES_HOME="$ENGINES_HOME" DEVC_ENGINES_BIND="${DEVC_ENGINES_BIND:-}:$HOME" \
      DEVC_ENGINES_OWNER="$(id -u):$(id -g)" ${DEVC_ENGINE:+DEVC_ENGINE="$DEVC_ENGINE"} ${DOCKER_HOST:+DOCKER_HOST="$DOCKER_HOST"} \
      bash "$self" "$@"
  fi
  die "$(basename "$self") needs root" "a container engine mounts filesystems and makes networks, and sudo does not work here without a password" \
    "run it as root: sudo DEVC_ENGINES_HOME='$ENGINES_HOME' $self $*"
}

# Folders and files made by root for another user belong to that user.
give_to_owner() { [ -z "${DEVC_ENGINES_OWNER:-}" ] || chown "$DEVC_ENGINES_OWNER" "$@"; }

# --- packages -------------------------------------------------------------------------------------------------------

need_apt() {
  have apt-get && have dpkg && return 0
  die "cannot install $* here" "only Debian and Ubuntu (apt-get) are supported for that, this system is '$(. /etc/os-release 2>/dev/null && printf %s "${PRETTY_NAME:-unknown}")'" \
    "install these with your own package manager and run this again: $*"
}

package_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# install_packages PACKAGE...: what is missing, without starting any service of the package's own.
install_packages() {
  local missing=() package log="$ENGINES_HOME/apt.log"
  need_apt "$@"
  for package in "$@"; do package_installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing packages: ${missing[*]}"
  mkdir -p "$ENGINES_HOME"
  (
    exec 8>"$ENGINES_HOME/apt.lock"
    flock 8
    guard=/usr/sbin/policy-rc.d
    if [ ! -e "$guard" ]; then
      trap 'rm -f "$guard"' EXIT
      printf '#!/bin/sh\nexit 101\n' >"$guard"
      chmod 755 "$guard"
    fi
    exec </dev/null >"$log" 2>&1
    apt_install "${missing[@]}" || { apt-get update && apt_install "${missing[@]}"; }
  ) || {
    tail -n 15 "$log" >&2
    die "apt-get could not install: ${missing[*]}" "see $log" "check that 'apt-get update' works, or install them yourself: apt-get install ${missing[*]}"
  }
  [ ! -d /run/systemd/system ] || case " ${missing[*]} " in *" docker.io "*)
    note "the package's own Docker service would start at the next boot; 'systemctl disable docker.service docker.socket' keeps it off" ;;
  esac
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@" 8>&-
}

# The host's own Debian mirror, from its apt sources; DEVC_DEBIAN_MIRROR overrides it.
debian_mirror() {
  local site
  [ -z "${DEVC_DEBIAN_MIRROR:-}" ] || { printf %s "$DEVC_DEBIAN_MIRROR"; return; }
  site="$(apt-get indextargets --format '$(ORIGIN)|$(SITE)|$(REPO_URI)|$(LABEL)' 2>/dev/null |
    awk -F'|' '$1 == "Debian" && $4 == "Debian" { print $3; exit }')"
  [ -n "$site" ] || site="$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | awk '/\/debian\/?$/ { print; exit }')"
  [ -n "$site" ] || die "no Debian mirror found" "this system's apt sources name none (is it Ubuntu, or was 'apt-get update' never run?)" \
    "set DEVC_DEBIAN_MIRROR to the URL of one and run this again"
  printf %s "${site%/}"
}

debian_keyring() {
  local file
  for file in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
    [ ! -r "$file" ] || { printf %s "$file"; return; }
  done
  die "the keys of the Debian archive are missing" "debootstrap checks signatures with them" "apt-get install debian-archive-keyring"
}

# bootstrap SUITE FOLDER PACKAGES LOG: a minimal Debian; the script of sid serves suites that this debootstrap is too old to know.
bootstrap() {
  local suite="$1" folder="$2" packages="$3" log="$4" script="" mirror keyring
  have debootstrap || install_packages debootstrap
  [ -e "/usr/share/debootstrap/scripts/$suite" ] || script=/usr/share/debootstrap/scripts/sid
  mirror="$(debian_mirror)"
  keyring="$(debian_keyring)"
  # shellcheck disable=SC2086
  debootstrap --variant=minbase --keyring="$keyring" --include="$packages" "$suite" "$folder" "$mirror" $script \
    </dev/null >"$log" 2>&1 || {
    tail -n 15 "$log" "$folder/debootstrap/debootstrap.log" >&2 2>/dev/null || true
    die "debootstrap of Debian $suite failed" "see $log" "check the network and the mirror ($mirror), then run this again"
  }
}

# --- HTTP on a unix socket ------------------------------------------------------------------------------------------

# api SOCKET PATH [curl options]: prints the body; fails on a status of 400 and more.
api() {
  local socket="$1" path="$2"
  shift 2
  curl -sS --fail-with-body --noproxy '*' --unix-socket "$socket" "$@" "http://engine$path"
}

engine_answers() { [ -S "$1" ] && [ "$(api "$1" /_ping -m 3 2>/dev/null)" = OK ]; }

engine_version() {
  api "$1" /version -m 5 2>/dev/null | sed -n 's/^[^{]*{.*"Components":\[{[^}]*"Version":"\([^"]*\)".*/\1/p; ' | head -n 1
}
