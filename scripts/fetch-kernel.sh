#!/usr/bin/env bash
# fetch-kernel.sh: the guest kernel, libkrunfw.so.5 → build/kernel/. The machine's own if it has one, else Debian's package
# from sid, through apt folders of our own: apt checks its signatures, nothing of sid is installed.
. "$(dirname "$0")/lib.sh"
abi=$(version_of libkrunfw)
library=libkrunfw.so.$abi
mkdir -p build/kernel

own=$(ldconfig -p 2>/dev/null | sed -n "s/^\t$library .*=> //p" | head -1)
if [ -n "$own" ]; then
  ln -sfn "$own" "build/kernel/$library"
  exit 0
fi

fetch() {
  local apt=$cache/apt-sid keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror
  say "fetching the guest kernel (Debian's libkrunfw$abi)"
  [ -e "$keyring" ] || die "$keyring is missing: install debian-archive-keyring"
  # the mirror this machine uses already
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' | grep -v security | head -1)
  [ -n "$mirror" ] || die "apt knows no Debian mirror: put $library into a library folder by hand"
  mkdir -p "$apt"/{lists/partial,archives/partial,state}
  echo "deb [signed-by=$keyring] $mirror sid main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<CONF
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "-";
Dir::State "$apt/state";
Dir::State::Lists "$apt/lists";
Dir::State::Status "/dev/null";
Dir::Cache "$apt";
APT::Architecture "amd64";
APT::Sandbox::User "root";
Acquire::Languages "none";
CONF
  export APT_CONFIG=$apt/apt.conf
  { apt-get -q update && (cd "$out" && apt-get -q download "libkrunfw$abi"); } >"$cache/apt-sid.log" 2>&1 ||
    { tail -5 "$cache/apt-sid.log" >&2; die "cannot fetch the guest kernel: is the Debian mirror reachable? (log: $cache/apt-sid.log)"; }
  dpkg-deb -x "$out"/libkrunfw*.deb "$out/x"
  cp -L "$(find "$out/x" -name "$library")" "$out/$library"
  rm -rf "$out/x" "$out"/*.deb "$apt/lists"
}
entry=$cache/kernel-$(key_of versions.json scripts/fetch-kernel.sh)
once "$entry" fetch
ln -sfn "$entry/$library" "build/kernel/$library"
