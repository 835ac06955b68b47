#!/usr/bin/env bash
# install-apt.sh run|test: Debian packages that are missing, and nothing else.
. "$(dirname "$0")/lib.sh"
run=(e2fsprogs iproute2 util-linux build-essential git ca-certificates)
test=("${run[@]}" qemu-system-x86 qemu-system-common kmod cpio xz-utils zstd docker-registry jq curl erofs-utils)
declare -n wanted=${1:?run or test}
missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
# Debian 13 has virtiofsd in a package of its own
[ "$1" = run ] || command -v virtiofsd >/dev/null || [ -x /usr/lib/qemu/virtiofsd ] || [ -x /usr/libexec/virtiofsd ] || missing+=(virtiofsd)
[ ${#missing[@]} = 0 ] && exit 0
as_root "installing ${missing[*]}"
say "installing Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$cache/apt.log
{ apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
  { tail -5 "$log" >&2; die "apt could not install ${missing[*]}: is its mirror reachable? (log: $log)"; }
