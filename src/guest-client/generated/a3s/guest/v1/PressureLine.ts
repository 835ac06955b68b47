// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface PressureLine {
  'avg10'?: (number | string);
  'avg60'?: (number | string);
  'avg300'?: (number | string);
  'totalUs'?: (number | string | Long);
}

export interface PressureLine__Output {
  'avg10': (number);
  'avg60': (number);
  'avg300': (number);
  'totalUs': (string);
}
