#!/usr/bin/env bash
# gen-proto.sh [OUT]: TypeScript types of both protocols, below OUT (default: src). The loaders (load-proto.ts) use the same options.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-src}
gen() { # PROTO OUT
  rm -rf "$2"
  node_modules/.bin/proto-loader-gen-types --longs=String --enums=String --defaults --oneofs \
    --grpcLib=@grpc/grpc-js --importFileExtension=.ts --outDir="$2" "$1" 2>/dev/null
}
gen proto/runtime/v1/api.proto "$out/cri/generated"
gen proto/guest/v1/guest.proto "$out/guest-client/generated"
