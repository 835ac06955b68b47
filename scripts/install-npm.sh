#!/usr/bin/env bash
# install-npm.sh: npm packages exactly as locked, Node 24 among them; no package's install script runs.
. "$(dirname "$0")/lib.sh"
need npm "Debian's npm or nodejs.org's"
stamp=node_modules/.a3s-lock
want=$(sha256sum package-lock.json | cut -d' ' -f1)
[ "$(cat $stamp 2>/dev/null)" = "$want" ] && exit 0
say "installing npm packages"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || die "npm ci failed: is the registry reachable?"
echo "$want" >$stamp
