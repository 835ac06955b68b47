#!/usr/bin/env bash
# soak.sh: pods made and removed while the daemon, VMMs and CNI plugins are killed; ends with a table and a report of what is left,
# which must be nothing. SEED=n (1), CYCLES=n (200 pods), PARALLEL=n (10 at once), SECONDS_AT_MOST=n (no pod begins later).
. "$(dirname "$0")/lib.sh"
. scripts/nodes.sh
prepare test
seconds=${SECONDS_AT_MOST:-7200}
soak=("$node" test/soak/run.ts "${SEED:-1}" "${CYCLES:-200}" "${PARALLEL:-10}" "$seconds")
if reason=$(scripts/check-kvm.sh); then
  on_host "${soak[@]}"
else
  say "soak in the test node ($reason)"
  in_node $((seconds + 1200)) --mem 8192 -- "${soak[@]}"
fi
