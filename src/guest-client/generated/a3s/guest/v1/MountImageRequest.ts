// Original file: proto/guest/v1/guest.proto

import type { Layer as _a3s_guest_v1_Layer, Layer__Output as _a3s_guest_v1_Layer__Output } from '../../../a3s/guest/v1/Layer.ts';

export interface MountImageRequest {
  'containerId'?: (string);
  'index'?: (number);
  'layers'?: (_a3s_guest_v1_Layer)[];
  'subPath'?: (string);
}

export interface MountImageRequest__Output {
  'containerId': (string);
  'index': (number);
  'layers': (_a3s_guest_v1_Layer__Output)[];
  'subPath': (string);
}
