// Original file: proto/guest/v1/guest.proto

import type { Layer as _a3s_guest_v1_Layer, Layer__Output as _a3s_guest_v1_Layer__Output } from '../../../a3s/guest/v1/Layer.ts';
import type { SeccompFilter as _a3s_guest_v1_SeccompFilter, SeccompFilter__Output as _a3s_guest_v1_SeccompFilter__Output } from '../../../a3s/guest/v1/SeccompFilter.ts';
import type { Long } from '@grpc/proto-loader';

export interface CreateContainerRequest {
  'containerId'?: (string);
  'ociSpec'?: (Buffer | Uint8Array | string);
  'layers'?: (_a3s_guest_v1_Layer)[];
  'logRingBytes'?: (number | string | Long);
  'stdin'?: (boolean);
  'stdinOnce'?: (boolean);
  'seccomp'?: (_a3s_guest_v1_SeccompFilter | null);
  'pidNamespaceOf'?: (string);
  'allDevices'?: (boolean);
  'podPids'?: (boolean);
}

export interface CreateContainerRequest__Output {
  'containerId': (string);
  'ociSpec': (Buffer);
  'layers': (_a3s_guest_v1_Layer__Output)[];
  'logRingBytes': (string);
  'stdin': (boolean);
  'stdinOnce': (boolean);
  'seccomp': (_a3s_guest_v1_SeccompFilter__Output | null);
  'pidNamespaceOf': (string);
  'allDevices': (boolean);
  'podPids': (boolean);
}
