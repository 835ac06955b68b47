#!/usr/bin/env bash
# test.sh: all tests, each step with its time. CI runs this.
. "$(dirname "$0")/lib.sh"
. scripts/nodes.sh
as_root "the end-to-end tests"
began=$SECONDS

step() { # step NAME COMMAND…
  local from=$SECONDS
  printf '== %s\n' "$1" >&2
  "${@:2}" || die "$1 failed"
  printf '== %s: %d s\n' "$1" $((SECONDS - from)) >&2
}

step "packages" scripts/install-apt.sh test
step "build" scripts/build.sh
# one test file at a time is what the unit tests take of two processors
unit() { step "unit" scripts/check.sh unit; }
others() { for name in lint types generated rust; do step "$name" scripts/check.sh $name; done; }
step "checks side by side" side_by_side unit others
step "end-to-end tests" scripts/e2e.sh
step "critest, the subset" scripts/critest.sh ci
printf 'all tests passed in %d min %02d s\n' $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60))
