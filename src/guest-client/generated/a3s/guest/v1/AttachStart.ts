// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface AttachStart {
  'containerId'?: (string);
  'stdin'?: (boolean);
  'stdout'?: (boolean);
  'stderr'?: (boolean);
  'windowBytes'?: (number | string | Long);
}

export interface AttachStart__Output {
  'containerId': (string);
  'stdin': (boolean);
  'stdout': (boolean);
  'stderr': (boolean);
  'windowBytes': (string);
}
