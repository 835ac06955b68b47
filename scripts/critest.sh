#!/usr/bin/env bash
# critest.sh [ci]: the CRI's own tests against the daemon, on this host if its KVM can run guests, else in two test nodes side by
# side; with ci, the fixed subset. One table; fails if it differs from test/critest/expected.tsv. FOCUS=REGEX picks specs by name, NODES=1
# takes one node, FLAGS are critest's own. Logs stay below build/critest.
. "$(dirname "$0")/lib.sh"
. scripts/nodes.sh
prepare test
out=build/critest nodes=${NODES:-2}
rm -rf $out
mkdir -p $out
read -ra flags <<<"${FLAGS:-}"

reason=$(scripts/check-kvm.sh) || test/node/boot-files.sh >/dev/null
[ -n "$reason" ] || nodes=1
mapfile -t shares < <("$node" test/critest/plan.ts $out "$nodes" "${1:-full}" "${FOCUS:-}")
[ ${#shares[@]} -gt 0 ] || die "critest: there is nothing to run"

run_share() { # run_share INDEX
  local folder seconds
  [ "$1" -lt ${#shares[@]} ] || return 0
  read -r folder seconds <<<"${shares[$1]}"
  local run=("$node" test/critest/run.ts "$folder" "$seconds" "${flags[@]}")
  if [ -z "$reason" ]; then on_host "${run[@]}"; else in_node $((seconds + 600)) --out "$folder" -- "${run[@]}"; fi
}
first() { run_share 0; }
second() { run_share 1; }
say "critest ${reason:+in ${#shares[@]} test nodes (}${reason:-on this host}${reason:+)}"
status=0
side_by_side first second || status=$?
"$node" test/critest/print.ts $out || status=$?
exit $status
