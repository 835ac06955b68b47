// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface HugePages {
  'size'?: (string);
  'usageBytes'?: (number | string | Long);
}

export interface HugePages__Output {
  'size': (string);
  'usageBytes': (string);
}
