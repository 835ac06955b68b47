// Original file: proto/guest/v1/guest.proto

import type { Usage as _a3s_guest_v1_Usage, Usage__Output as _a3s_guest_v1_Usage__Output } from '../../../a3s/guest/v1/Usage.ts';
import type { ContainerUsage as _a3s_guest_v1_ContainerUsage, ContainerUsage__Output as _a3s_guest_v1_ContainerUsage__Output } from '../../../a3s/guest/v1/ContainerUsage.ts';
import type { Long } from '@grpc/proto-loader';

export interface StatsResponse {
  'takenAtNs'?: (number | string | Long);
  'sandbox'?: (_a3s_guest_v1_Usage | null);
  'containers'?: (_a3s_guest_v1_ContainerUsage)[];
  'scratchBytes'?: (number | string | Long);
  'scratchFreeBytes'?: (number | string | Long);
  'scratchInodes'?: (number | string | Long);
  'scratchFreeInodes'?: (number | string | Long);
}

export interface StatsResponse__Output {
  'takenAtNs': (string);
  'sandbox': (_a3s_guest_v1_Usage__Output | null);
  'containers': (_a3s_guest_v1_ContainerUsage__Output)[];
  'scratchBytes': (string);
  'scratchFreeBytes': (string);
  'scratchInodes': (string);
  'scratchFreeInodes': (string);
}
