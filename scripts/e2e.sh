#!/usr/bin/env bash
# e2e.sh [FILE…]: end-to-end tests with real VMs, on this host if its KVM can run guests, else in the test node.
. "$(dirname "$0")/lib.sh"
as_root "running microVMs"
scripts/install-apt.sh test
scripts/build.sh
scripts/build-tools.sh
scripts/build-test-images.sh
[ $# -gt 0 ] || set -- test/e2e/*.test.ts
if reason=$(scripts/check-kvm.sh); then
  say "end-to-end tests on this host"
  exec test/e2e/lanes.sh "$@"
fi
say "end-to-end tests in the test node ($reason)"
exec test/node/testnode --mem 8192 --timeout "${E2E_TIMEOUT:-3000}" -- test/e2e/lanes.sh "$@"
