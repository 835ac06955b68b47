// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface LogsEnd {
  'stdoutBytes'?: (number | string | Long);
  'stderrBytes'?: (number | string | Long);
}

export interface LogsEnd__Output {
  'stdoutBytes': (string);
  'stderrBytes': (string);
}
