// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface ProcessDetails {
  'openFiles'?: (number | string | Long);
  'sockets'?: (number | string | Long);
  'maxOpenFiles'?: (number | string | Long);
  '_maxOpenFiles'?: "maxOpenFiles";
}

export interface ProcessDetails__Output {
  'openFiles': (string);
  'sockets': (string);
  'maxOpenFiles'?: (string);
  '_maxOpenFiles'?: "maxOpenFiles";
}
