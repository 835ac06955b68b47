// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface RunStart {
  'containerId'?: (string);
  'args'?: (string)[];
  'timeoutNs'?: (number | string | Long);
  'stdin'?: (boolean);
  'tty'?: (boolean);
  'windowBytes'?: (number | string | Long);
}

export interface RunStart__Output {
  'containerId': (string);
  'args': (string)[];
  'timeoutNs': (string);
  'stdin': (boolean);
  'tty': (boolean);
  'windowBytes': (string);
}
