// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface DeviceIo {
  'major'?: (number);
  'minor'?: (number);
  'readBytes'?: (number | string | Long);
  'writtenBytes'?: (number | string | Long);
  'reads'?: (number | string | Long);
  'writes'?: (number | string | Long);
}

export interface DeviceIo__Output {
  'major': (number);
  'minor': (number);
  'readBytes': (string);
  'writtenBytes': (string);
  'reads': (string);
  'writes': (string);
}
