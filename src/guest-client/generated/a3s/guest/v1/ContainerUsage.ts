// Original file: proto/guest/v1/guest.proto

import type { Usage as _a3s_guest_v1_Usage, Usage__Output as _a3s_guest_v1_Usage__Output } from '../../../a3s/guest/v1/Usage.ts';
import type { WritableLayer as _a3s_guest_v1_WritableLayer, WritableLayer__Output as _a3s_guest_v1_WritableLayer__Output } from '../../../a3s/guest/v1/WritableLayer.ts';
import type { ProcessDetails as _a3s_guest_v1_ProcessDetails, ProcessDetails__Output as _a3s_guest_v1_ProcessDetails__Output } from '../../../a3s/guest/v1/ProcessDetails.ts';

export interface ContainerUsage {
  'containerId'?: (string);
  'usage'?: (_a3s_guest_v1_Usage | null);
  'writableLayer'?: (_a3s_guest_v1_WritableLayer | null);
  'details'?: (_a3s_guest_v1_ProcessDetails | null);
}

export interface ContainerUsage__Output {
  'containerId': (string);
  'usage': (_a3s_guest_v1_Usage__Output | null);
  'writableLayer': (_a3s_guest_v1_WritableLayer__Output | null);
  'details': (_a3s_guest_v1_ProcessDetails__Output | null);
}
