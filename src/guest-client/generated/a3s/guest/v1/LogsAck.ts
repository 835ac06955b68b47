// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface LogsAck {
  'stdoutOffset'?: (number | string | Long);
  'stderrOffset'?: (number | string | Long);
}

export interface LogsAck__Output {
  'stdoutOffset': (string);
  'stderrOffset': (string);
}
