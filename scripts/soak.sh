#!/usr/bin/env bash
# soak.sh: pods made and removed while the daemon, VMMs and CNI plugins are killed; ends with a table and a report of what is left,
# which must be nothing, and of calls that failed without a kill. SEED=n (1), CYCLES=n (200 pods), PARALLEL=n (10 at once),
# SECONDS_AT_MOST=n (no pod begins later).
. "$(dirname "$0")/lib.sh"
. scripts/nodes.sh
prepare test
seconds=${SECONDS_AT_MOST:-10800} cycles=${CYCLES:-200} parallel=${PARALLEL:-10}
# all of them, unless it is time that ends it
least=${SECONDS_AT_MOST:+$parallel}
soak=("$node" test/soak/run.ts "${SEED:-1}" "$cycles" "$parallel" "$seconds" "${least:-$cycles}")
if reason=$(scripts/check-kvm.sh); then
  on_host "${soak[@]}"
else
  say "soak in the test node ($reason)"
  in_node $((seconds + 1200)) --mem 8192 -- "${soak[@]}"
fi
