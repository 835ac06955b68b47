#!/usr/bin/env bash
# e2e.sh [FILE…]: end-to-end tests with real VMs, on this host if its KVM can run guests, else in two test nodes side by side, and
# then, what depends on cgroups, in one that systemd runs and in one with version 1 of cgroups.
. "$(dirname "$0")/lib.sh"
. scripts/nodes.sh
prepare test
[ $# -gt 0 ] || set -- test/e2e/*.test.ts
tests=("$node" --test --test-concurrency=1 --test-reporter=spec)

if reason=$(scripts/check-kvm.sh); then
  say "end-to-end tests on this host"
  on_host "${tests[@]}" "$@"
  exit
fi

say "end-to-end tests in two test nodes, the second one's output after the first's ($reason)"
for cgroups in 1 2; do test/node/boot-files.sh $cgroups >/dev/null; done
# what a file took, in seconds; only the balance depends on it
declare -A took=([bad-input]=115 [cgroups]=95 [clock]=50 [crash]=270 [deadlines]=100 [doctor]=115 [events]=65 [failpoints]=445 [guest-faults]=140 [images]=65
  [lifecycle]=145 [logs]=165 [mounts]=75 [network-config]=295 [network-leaks]=445 [network-ports]=125 [network]=115 [process]=75
  [readme]=60 [removal]=60 [resources]=65 [security]=95 [soak]=160 [spawn]=65 [stats]=75 [streaming]=120 [streams]=155)
first_files=() second_files=() systemd_files=() version1_files=() balance=0
for file in "$@"; do
  name=$(basename "$file" .test.ts)
  case $name in
    systemd) systemd_files+=("$file"); continue ;;
    cgroups) systemd_files+=("$file"); version1_files+=("$file") ;;
  esac
  seconds=${took[$name]:-120}
  if [ $balance -le 0 ]; then
    first_files+=("$file") balance=$((balance + seconds))
  else
    second_files+=("$file") balance=$((balance - seconds))
  fi
done

# files_in_node FILES OPTION…: the files in that array, if there are any, in a node with these options
files_in_node() {
  local -n files=$1
  [ ${#files[@]} = 0 ] || in_node "${E2E_TIMEOUT:-2400}" "${@:2}" -- "${tests[@]}" "${files[@]}"
}
first() {
  local status=0
  files_in_node first_files || status=$?
  files_in_node version1_files --cgroups 1 || status=$?
  return $status
}
second() {
  local status=0
  files_in_node second_files || status=$?
  files_in_node systemd_files --systemd || status=$?
  return $status
}
side_by_side first second
