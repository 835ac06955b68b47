#!/usr/bin/env bash
# check-kvm.sh: can this host's KVM run a guest kernel? Silent if it can; otherwise one sentence on stdout and exit code 1.
no() { echo "$*"; exit 1; }
module() { [ -d "/sys/module/$1" ]; }
[ -e /dev/kvm ] || no "there is no /dev/kvm: load kvm_intel or kvm_amd, or enable nested virtualisation"
[ -r /dev/kvm ] && [ -w /dev/kvm ] || no "no permission for /dev/kvm: run as root"
module kvm_intel || module kvm_amd || {
  module kvm_pvm && no "/dev/kvm is backed by kvm_pvm, which opens but cannot run a guest kernel"
  no "/dev/kvm exists but neither kvm_intel nor kvm_amd is loaded"
}
