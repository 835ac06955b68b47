// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface Oom {
  'containerId'?: (string);
  'atNs'?: (number | string | Long);
}

export interface Oom__Output {
  'containerId': (string);
  'atNs': (string);
}
