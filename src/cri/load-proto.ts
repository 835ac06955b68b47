/** Loads proto/runtime/v1/api.proto; it lies beside src/ in a checkout and beside dist/ in an installation. */
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ProtoGrpcType } from './generated/api.ts';

const PROTO = fileURLToPath(new URL('../../proto/runtime/v1/api.proto', import.meta.url));

/** The options are those of scripts/gen-proto.sh: types and values must agree. */
export function loadCriProto(): ProtoGrpcType['runtime']['v1'] {
  const definition = loadSync(PROTO, { longs: String, enums: String, defaults: true, oneofs: true });
  const loaded = loadPackageDefinition(definition) as unknown as ProtoGrpcType;
  return loaded.runtime.v1;
}
