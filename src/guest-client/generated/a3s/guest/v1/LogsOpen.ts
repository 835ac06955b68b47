// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface LogsOpen {
  'containerId'?: (string);
  'stdoutOffset'?: (number | string | Long);
  'stderrOffset'?: (number | string | Long);
}

export interface LogsOpen__Output {
  'containerId': (string);
  'stdoutOffset': (string);
  'stderrOffset': (string);
}
