#!/usr/bin/env bash
# install-apt.sh run|test|bench: Debian packages that are missing, and nothing else.
. "$(dirname "$0")/lib.sh"
run=(e2fsprogs iproute2 util-linux containernetworking-plugins iptables build-essential git ca-certificates)
test=("${run[@]}" qemu-system-x86 qemu-system-common kmod cpio xz-utils zstd docker-registry jq curl erofs-utils systemd dbus)
bench=("${test[@]}" libseccomp-dev pkg-config)
declare -n wanted=${1:?run, test or bench}
export DEBIAN_FRONTEND=noninteractive
log=$cache/apt.log

missing() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || echo "$package"
  done
}

install() {
  [ $# -gt 0 ] || return 0
  as_root "installing $*"
  say "installing Debian packages: $*"
  { apt-get update && apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 ||
    { tail -5 "$log" >&2; die "apt could not install $*: is its mirror reachable? (log: $log)"; }
}

has_virtiofsd() { command -v virtiofsd >/dev/null || [ -x /usr/lib/qemu/virtiofsd ] || [ -x /usr/libexec/virtiofsd ]; }

mapfile -t packages < <(missing "${wanted[@]}")
install "${packages[@]}"
# Debian 12 has it in qemu-system-common, later ones in a package of its own
[ "$1" = run ] || has_virtiofsd || install virtiofsd
