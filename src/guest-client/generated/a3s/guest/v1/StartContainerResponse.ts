// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface StartContainerResponse {
  'startedAtNs'?: (number | string | Long);
  'pid'?: (number);
}

export interface StartContainerResponse__Output {
  'startedAtNs': (string);
  'pid': (number);
}
