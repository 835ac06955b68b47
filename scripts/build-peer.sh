#!/usr/bin/env bash
# build-peer.sh: containerd and runc from their Go modules → build/peer/, for the comparisons of test/perf. About ten minutes on two
# cores, then cached.
. "$(dirname "$0")/lib.sh"
containerd=$(version_of containerd) runc=$(version_of runc)
entry=$cache/peer-$(key_of versions.json scripts/build-peer.sh)
build() {
  need go "go.dev, version 1.26.3 or later"
  export GOBIN=$out GOFLAGS='-trimpath -buildvcs=false' GOTOOLCHAIN=local
  say "building containerd $containerd and runc $runc (about ten minutes)"
  go install -ldflags "-s -w -X github.com/containerd/containerd/v2/version.Version=$containerd" \
    "github.com/containerd/containerd/v2/cmd/containerd@v$containerd" \
    "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2@v$containerd" >&2
  # as distributions have it: with seccomp
  go install -tags seccomp -ldflags "-s -w -X main.version=$runc" "github.com/opencontainers/runc@v$runc" >&2
}
once "$entry" build
ln -sfn "$entry" build/peer
