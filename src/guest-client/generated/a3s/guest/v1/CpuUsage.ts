// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface CpuUsage {
  'usageUs'?: (number | string | Long);
  'userUs'?: (number | string | Long);
  'systemUs'?: (number | string | Long);
  'periods'?: (number | string | Long);
  'throttledPeriods'?: (number | string | Long);
  'throttledUs'?: (number | string | Long);
}

export interface CpuUsage__Output {
  'usageUs': (string);
  'userUs': (string);
  'systemUs': (string);
  'periods': (string);
  'throttledPeriods': (string);
  'throttledUs': (string);
}
