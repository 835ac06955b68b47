/** Loads proto/guest/v1/guest.proto; it lies beside src/ in a checkout and beside dist/ in an installation. */
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ProtoGrpcType } from './generated/guest.ts';

const PROTO = fileURLToPath(new URL('../../proto/guest/v1/guest.proto', import.meta.url));

export function loadGuestProto(): ProtoGrpcType['a3s']['guest']['v1'] {
  const definition = loadSync(PROTO, { longs: String, enums: String, defaults: true, oneofs: true });
  const loaded = loadPackageDefinition(definition) as unknown as ProtoGrpcType;
  return loaded.a3s.guest.v1;
}
