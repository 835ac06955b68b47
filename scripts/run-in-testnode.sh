#!/usr/bin/env bash
# run-in-testnode.sh [COMMAND…]: the daemon with test images in the test node, and there a shell (or COMMAND) to use it.
. "$(dirname "$0")/lib.sh"
. scripts/nodes.sh
prepare test
mode=(--interactive)
[ $# = 0 ] || mode=(--timeout 1800)
exec test/node/testnode --mem 6144 "${mode[@]}" -- scripts/session.sh "$@"
