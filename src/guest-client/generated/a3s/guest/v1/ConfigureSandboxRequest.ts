// Original file: proto/guest/v1/guest.proto

import type { NetworkInterface as _a3s_guest_v1_NetworkInterface, NetworkInterface__Output as _a3s_guest_v1_NetworkInterface__Output } from '../../../a3s/guest/v1/NetworkInterface.ts';
import type { Long } from '@grpc/proto-loader';

export interface ConfigureSandboxRequest {
  'hostname'?: (string);
  'realtimeNs'?: (number | string | Long);
  'sysctls'?: ({[key: string]: string});
  'resolvConf'?: (Buffer | Uint8Array | string);
  'hosts'?: (Buffer | Uint8Array | string);
  'shmBytes'?: (number | string | Long);
  'interfaces'?: (_a3s_guest_v1_NetworkInterface)[];
}

export interface ConfigureSandboxRequest__Output {
  'hostname': (string);
  'realtimeNs': (string);
  'sysctls': ({[key: string]: string});
  'resolvConf': (Buffer);
  'hosts': (Buffer);
  'shmBytes': (string);
  'interfaces': (_a3s_guest_v1_NetworkInterface__Output)[];
}
