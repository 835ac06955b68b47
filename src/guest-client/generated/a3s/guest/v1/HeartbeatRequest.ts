// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface HeartbeatRequest {
  'afterMs'?: (number);
  'realtimeNs'?: (number | string | Long);
}

export interface HeartbeatRequest__Output {
  'afterMs': (number);
  'realtimeNs': (string);
}
