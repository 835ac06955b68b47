#!/usr/bin/env bash
# build-krun.sh: libkrun as a shared library from crates.io → build/krun/libkrun.so. About 90 s on two cores, then cached.
. "$(dirname "$0")/lib.sh"
entry=$cache/krun-$(key_of guest/krun guest/Cargo.lock guest/Cargo.toml)
build() {
  need cargo "rustup.rs, version 1.85 or later"
  say "building libkrun $(version_of libkrun) (about 90 s)"
  (cd guest && CARGO_TARGET_DIR=$cache/target cargo build --quiet --release --locked -p krun >&2)
  cp "$cache/target/release/libkrun_cdylib.so" "$out/libkrun.so"
}
once "$entry" build
mkdir -p build/krun
ln -sfn "$entry/libkrun.so" build/krun/libkrun.so
