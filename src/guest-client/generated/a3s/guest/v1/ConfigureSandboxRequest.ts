// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface ConfigureSandboxRequest {
  'hostname'?: (string);
  'realtimeNs'?: (number | string | Long);
  'sysctls'?: ({[key: string]: string});
  'resolvConf'?: (Buffer | Uint8Array | string);
  'hosts'?: (Buffer | Uint8Array | string);
  'shmBytes'?: (number | string | Long);
}

export interface ConfigureSandboxRequest__Output {
  'hostname': (string);
  'realtimeNs': (string);
  'sysctls': ({[key: string]: string});
  'resolvConf': (Buffer);
  'hosts': (Buffer);
  'shmBytes': (string);
}
