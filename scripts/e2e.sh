#!/usr/bin/env bash
# e2e.sh [FILE…]: end-to-end tests with real VMs, on this host if its KVM can run guests, else in two test nodes side by side; and,
# what depends on them, in a node that systemd runs and in one with version 1 of cgroups, for no test changes those of a host.
. "$(dirname "$0")/lib.sh"
. scripts/nodes.sh
prepare test
[ $# -gt 0 ] || set -- test/e2e/*.test.ts
tests=("$node" --test --test-concurrency=1 --test-reporter=spec)

ordinary=() systemd=() version1=()
for file in "$@"; do
  case $(basename "$file" .test.ts) in
    systemd) systemd+=("$file") ;;
    cgroups) ordinary+=("$file") systemd+=("$file") version1+=("$file") ;;
    *) ordinary+=("$file") ;;
  esac
done

# files_in_node FILES OPTION…: the files in that array, if there are any, in a node with these options. Where the node's processor
# has stood still, deadlines have passed that no test is to blame for: what failed there is run once more, and that is said.
files_in_node() {
  local -n files=$1
  local said status=0 failed=()
  [ ${#files[@]} -gt 0 ] || return 0
  said=$(mktemp)
  in_node "${E2E_TIMEOUT:-4500}" "${@:2}" -- "${tests[@]}" "${files[@]}" 2>&1 | tee "$said" || status=$?
  if [ $status = 1 ] && grep -aq "^testnode: the node's processor stood still" "$said"; then
    mapfile -t failed < <(grep -ao '^test at test/e2e/[a-z-]*\.test\.ts' "$said" | cut -c9- | sort -u)
  fi
  rm "$said"
  [ ${#failed[@]} -gt 0 ] || return $status
  say "the node's processor had stood still, so what failed there may not have: once more in a new one: ${failed[*]}"
  in_node "${E2E_TIMEOUT:-4500}" "${@:2}" -- "${tests[@]}" "${failed[@]}"
}
# each_of COMMAND…: one after the other, also after a failure
each_of() {
  local command status=0
  for command in "$@"; do $command || status=$?; done
  return $status
}
under_systemd() { files_in_node systemd --systemd; }
with_version1() { files_in_node version1 --cgroups 1; }
for cgroups in 1 2; do test/node/boot-files.sh $cgroups >/dev/null; done

if reason=$(scripts/check-kvm.sh); then
  say "end-to-end tests on this host"
  here() { [ ${#ordinary[@]} = 0 ] || on_host "${tests[@]}" "${ordinary[@]}"; }
  each_of here under_systemd with_version1
  exit
fi

say "end-to-end tests in two test nodes, the second one's output after the first's ($reason)"
# what a file took, in seconds; only the balance depends on it
declare -A took=([admission]=100 [bad-input]=115 [cgroups]=135 [clock]=50 [crash]=230 [deadlines]=155 [doctor]=115 [events]=65 [failpoints]=520
  [guest-faults]=195 [images]=65 [leaks]=190 [lifecycle]=180 [logs]=165 [mounts]=85 [network-config]=245 [network-leaks]=480 [network-ports]=125
  [network]=205 [outage]=110 [process]=75 [readme]=60 [removal]=60 [resources]=65 [restart]=90 [security]=95 [soak]=190 [spawn]=65 [stats]=75
  [streaming]=160 [streams]=115)
# the node under systemd comes after the first one's, and takes longer than the other
left=() right=() balance=150
for file in "${ordinary[@]}"; do
  seconds=${took[$(basename "$file" .test.ts)]:-120}
  if [ $balance -le 0 ]; then
    left+=("$file") balance=$((balance + seconds))
  else
    right+=("$file") balance=$((balance - seconds))
  fi
done
left_files() { files_in_node left; }
right_files() { files_in_node right; }
first() { each_of left_files under_systemd; }
second() { each_of right_files with_version1; }
side_by_side first second
