// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

export interface MemoryUsage {
  'usageBytes'?: (number | string | Long);
  'maxUsageBytes'?: (number | string | Long);
  'limitBytes'?: (number | string | Long);
  'anonymousBytes'?: (number | string | Long);
  'fileBytes'?: (number | string | Long);
  'mappedFileBytes'?: (number | string | Long);
  'activeFileBytes'?: (number | string | Long);
  'inactiveFileBytes'?: (number | string | Long);
  'kernelBytes'?: (number | string | Long);
  'pageFaults'?: (number | string | Long);
  'majorPageFaults'?: (number | string | Long);
  'limitHits'?: (number | string | Long);
  'oomKills'?: (number | string | Long);
  'swapBytes'?: (number | string | Long);
  'swapLimitBytes'?: (number | string | Long);
  '_limitBytes'?: "limitBytes";
  '_swapBytes'?: "swapBytes";
  '_swapLimitBytes'?: "swapLimitBytes";
}

export interface MemoryUsage__Output {
  'usageBytes': (string);
  'maxUsageBytes': (string);
  'limitBytes'?: (string);
  'anonymousBytes': (string);
  'fileBytes': (string);
  'mappedFileBytes': (string);
  'activeFileBytes': (string);
  'inactiveFileBytes': (string);
  'kernelBytes': (string);
  'pageFaults': (string);
  'majorPageFaults': (string);
  'limitHits': (string);
  'oomKills': (string);
  'swapBytes'?: (string);
  'swapLimitBytes'?: (string);
  '_limitBytes'?: "limitBytes";
  '_swapBytes'?: "swapBytes";
  '_swapLimitBytes'?: "swapLimitBytes";
}
