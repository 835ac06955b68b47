// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface Exited {
  'containerId'?: (string);
  'exitCode'?: (number);
  'signal'?: (number);
  'oomKilled'?: (boolean);
  'exitedAtNs'?: (number | string | Long);
}

export interface Exited__Output {
  'containerId': (string);
  'exitCode': (number);
  'signal': (number);
  'oomKilled': (boolean);
  'exitedAtNs': (string);
}
