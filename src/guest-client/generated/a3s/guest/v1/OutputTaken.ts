// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface OutputTaken {
  'stdout'?: (number | string | Long);
  'stderr'?: (number | string | Long);
}

export interface OutputTaken__Output {
  'stdout': (string);
  'stderr': (string);
}
