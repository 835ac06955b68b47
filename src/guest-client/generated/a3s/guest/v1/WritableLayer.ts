// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface WritableLayer {
  'bytes'?: (number | string | Long);
  'inodes'?: (number | string | Long);
  'takenAtNs'?: (number | string | Long);
}

export interface WritableLayer__Output {
  'bytes': (string);
  'inodes': (string);
  'takenAtNs': (string);
}
