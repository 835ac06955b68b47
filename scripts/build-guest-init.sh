#!/usr/bin/env bash
# build-guest-init.sh: process 1 of the VM, static → build/guest/init.krun. About 60 s the first time, then cached.
. "$(dirname "$0")/lib.sh"
entry=$cache/guest-init-$(key_of guest/init proto/guest guest/Cargo.lock guest/Cargo.toml)
build() {
  need cargo "rustup.rs, version 1.85 or later"
  say "building guest-init"
  # --target keeps these flags from build scripts and macros, which cannot be static
  (cd guest && CARGO_TARGET_DIR=$cargo_target RUSTFLAGS='-C target-feature=+crt-static -C relocation-model=static' \
    cargo build --quiet --release --locked -p guest-init --target x86_64-unknown-linux-gnu >&2)
  cp "$cargo_target/x86_64-unknown-linux-gnu/release/guest-init" "$out/init.krun"
  size=$(stat -c %s "$out/init.krun")
  [ "$size" -lt $((8 << 20)) ] || die "guest-init has grown to $size bytes, over its limit of 8 MiB"
}
once "$entry" build
mkdir -p build/guest
ln -sfn "$entry/init.krun" build/guest/init.krun
