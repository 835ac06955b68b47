#!/usr/bin/env bash
# run.sh [FLAG…]: build what is missing, then the daemon in the foreground; its flags are a3s-boxd's.
. "$(dirname "$0")/lib.sh"
as_root "running microVMs"
if ! reason=$(scripts/check-kvm.sh); then
  die "this host cannot run microVMs: $reason. Try \`make run-in-testnode\`, which emulates a host that can."
fi
scripts/install-apt.sh run
scripts/build.sh
scripts/build-tools.sh
exec bin/a3s-boxd "$@"
