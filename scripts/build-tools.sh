#!/usr/bin/env bash
# build-tools.sh: crictl as a Go module, and netpeer in C → build/tools/. About a minute, then cached.
. "$(dirname "$0")/lib.sh"
entry=$cache/tools-$(key_of test/tools scripts/build-tools.sh)
build() {
  need go "go.dev, version 1.26.2 or later"
  local version; version=$(version_of criTools)
  say "building crictl $version (about a minute)"
  (cd test/tools && GOFLAGS='-mod=readonly -buildvcs=false' CGO_ENABLED=0 GOTOOLCHAIN=local go build -trimpath \
    -ldflags "-s -w -X sigs.k8s.io/cri-tools/pkg/version.Version=$version" -o "$out/crictl" sigs.k8s.io/cri-tools/cmd/crictl >&2)
}
once "$entry" build
mkdir -p build/tools
ln -sfn "$entry/crictl" build/tools/crictl

peer=$cache/netpeer-$(key_of test/netpeer)
build_peer() {
  need cc "Debian's build-essential"
  cc -static -O2 -Wall -Wextra -o "$out/netpeer" test/netpeer/netpeer.c
}
once "$peer" build_peer
ln -sfn "$peer/netpeer" build/tools/netpeer
