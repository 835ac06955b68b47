# shellcheck shell=bash
# Debian's docker-registry on a free loopback port.

start_registry() { # start_registry STORAGE LOG: sets REG to its address and registry_pid
  local line said
  printf '%s\n' 'version: 0.1' 'log: { level: info, accesslog: { disabled: true } }' \
    "storage: { filesystem: { rootdirectory: $1 } }" 'http: { addr: "127.0.0.1:0" }' >"$work/registry.yml"
  mkfifo "$work/registry.log"
  docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
  registry_pid=$!
  exec {said}<"$work/registry.log"
  while read -r line <&"$said"; do
    echo "$line" >>"$2"
    [[ $line =~ 'listening on '([0-9.:]+) ]] || continue
    REG=${BASH_REMATCH[1]}
    cat <&"$said" >>"$2" & # it would stop if nobody read on
    exec {said}<&-
    return
  done
  die "docker-registry does not start (log: $2)"
}

stop_registry() {
  kill "$registry_pid"
  wait "$registry_pid" || true # it ends by the signal
}
