#!/usr/bin/env bash
# build-tools.sh: crictl and critest as a Go module, and netpeer in C → build/tools/. About two minutes, then cached.
. "$(dirname "$0")/lib.sh"
entry=$cache/tools-$(key_of test/tools scripts/build-tools.sh)
build() {
  need go "go.dev, version 1.26.2 or later"
  local version flags; version=$(version_of criTools)
  flags=(-trimpath -ldflags "-s -w -X sigs.k8s.io/cri-tools/pkg/version.Version=$version")
  export GOFLAGS='-mod=readonly -buildvcs=false' CGO_ENABLED=0 GOTOOLCHAIN=local
  say "building crictl and critest $version (about two minutes)"
  (cd test/tools && go build "${flags[@]}" -o "$out/crictl" sigs.k8s.io/cri-tools/cmd/crictl >&2 &&
    go test -c "${flags[@]}" -o "$out/critest" sigs.k8s.io/cri-tools/cmd/critest >&2)
}
once "$entry" build
mkdir -p build/tools
for tool in crictl critest; do ln -sfn "$entry/$tool" build/tools/$tool; done

peer=$cache/netpeer-$(key_of test/netpeer)
build_peer() {
  need cc "Debian's build-essential"
  cc -static -O2 -Wall -Wextra -o "$out/netpeer" test/netpeer/netpeer.c
}
once "$peer" build_peer
ln -sfn "$peer/netpeer" build/tools/netpeer
