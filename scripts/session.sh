#!/usr/bin/env bash
# session.sh [COMMAND…]: in a test node, a registry with the test images, the daemon, and a shell (or COMMAND) beside them.
. "$(dirname "$0")/lib.sh"
[ "${TESTNODE:-}" = 1 ] || die "session.sh changes /etc and /run: it runs in the test node only (make run-in-testnode)"
work=$(mktemp -d)
. test/images/registry.sh
start_registry "$PWD/build/test-images/registry" "$work/registry.said"
for name in docker.io registry.k8s.io gcr.io k8s.gcr.io public.ecr.aws; do
  mkdir -p "/etc/a3s-box/certs.d/$name"
  printf 'server = "http://%s"\n\n[host."http://%s"]\n  capabilities = ["pull", "resolve"]\n' "$REG" "$REG" \
    >"/etc/a3s-box/certs.d/$name/hosts.toml"
done

# an emulated machine is slow: crictl's own 2 seconds would end before a boot does
printf '%s: unix:///run/a3s-box/a3s-box.sock\n' runtime-endpoint image-endpoint >/etc/crictl.yaml
echo 'timeout: 120' >>/etc/crictl.yaml

mkfifo "$work/greeting"
bin/a3s-boxd >"$work/greeting" 2>/run/a3s-boxd.log &
daemon=$!
# the daemon closes its standard output when it ends, and its greeting ends with the last command to try
while read -r line; do
  echo "$line"
  case $line in *" pods") break ;; esac
done <"$work/greeting"
kill -0 $daemon 2>/dev/null || { cat /run/a3s-boxd.log >&2; die "the daemon does not start"; }
echo "its log: /run/a3s-boxd.log; images from a local registry; leave with \`exit\`"

export PATH=$PWD/build/tools:$PATH
[ $# -gt 0 ] || set -- bash -i
status=0
"$@" || status=$?
kill $daemon
wait $daemon || status=$?
stop_registry
exit $status
