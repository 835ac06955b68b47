#!/usr/bin/env bash
# build-krun.sh: libkrun as a shared library from crates.io, with guest/krun/patches and their tests → build/krun/libkrun.so. About
# two minutes on two cores, then cached.
. "$(dirname "$0")/lib.sh"
entry=$cache/krun-$(key_of guest/krun guest/Cargo.lock guest/Cargo.toml scripts/build-krun.sh)

# patch_crate NAME: the crate as Cargo.lock has it (cargo has checked its digest), patched, at $work/NAME
patch_crate() {
  local manifest
  manifest=$(cd guest && cargo metadata --format-version 1 --locked --offline | tr '{' '\n' |
    sed -n "s|.*\"manifest_path\":\"\([^\"]*/$1-[^\"/]*/Cargo.toml\)\".*|\1|p" | head -1)
  [ -n "$manifest" ] || die "crate $1 is not among libkrun's: see guest/krun/patches"
  cp -r "$(dirname "$manifest")" "$work/$1"
  for change in guest/krun/patches/"$1"-*.patch; do
    patch --quiet --strip=1 --directory="$work/$1" <"$change" || die "$change does not fit: libkrun's version has changed"
  done
}

patched_cargo() { # patched_cargo COMMAND…: cargo on the copy of the workspace, with the patched crates
  (cd "$work/guest" && CARGO_TARGET_DIR=$cargo_target cargo "$1" --quiet --offline "${@:2}" \
    --config "patch.crates-io.krun-devices.path='$PWD/../krun-devices'" \
    --config "patch.crates-io.krun-vmm.path='$PWD/../krun-vmm'" >&2)
}

build() {
  need cargo "rustup.rs, version 1.85 or later"
  need patch "Debian's patch"
  say "building libkrun $(version_of libkrun) (about two minutes)"
  work=$out/work
  mkdir "$work"
  (cd guest && cargo fetch --quiet --locked >&2)
  patch_crate krun-devices
  patch_crate krun-vmm
  # a copy, because a patch takes its crate's line out of Cargo.lock; offline, so that nothing else in it can change
  cp -r guest "$work/guest"
  patched_cargo build --release -p krun
  patched_cargo test -p krun-devices --lib virtio::fs::server
  cp "$cargo_target/release/libkrun_cdylib.so" "$out/libkrun.so"
  rm -rf "$work"
}
once "$entry" build
mkdir -p build/krun
ln -sfn "$entry/libkrun.so" build/krun/libkrun.so
