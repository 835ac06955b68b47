#!/usr/bin/env bash
# build.sh: everything the daemon needs; under a second when nothing has changed.
. "$(dirname "$0")/lib.sh"
scripts/install-npm.sh
scripts/fetch-kernel.sh
scripts/build-krun.sh
scripts/build-guest-init.sh
scripts/build-ts.sh
