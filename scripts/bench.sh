#!/usr/bin/env bash
# bench.sh [NAME…]: measure and print tables, all of test/perf or those named: pull, sandboxes, network, lists, busy, recovery,
# streams, critest.
# Pulls always on this host; the rest too if its KVM can run guests, else in the test node.
. "$(dirname "$0")/lib.sh"
. scripts/nodes.sh
prepare bench
[ $# -gt 0 ] || set -- pull sandboxes network lists busy recovery streams critest

reason=$(scripts/check-kvm.sh) ||
  say "sandboxes are measured in the test node, where all times are ten to forty times longer: read the ratios ($reason)"
for name in "$@"; do
  file=test/perf/$name.ts
  [ -e "$file" ] || die "there is no benchmark $name"
  if [ "$name" = pull ] || [ -z "$reason" ]; then "$node" "$file"; else in_node 2400 --mem 8192 -- "$node" "$file"; fi
done
