// Original file: proto/guest/v1/guest.proto

import type { PressureLine as _a3s_guest_v1_PressureLine, PressureLine__Output as _a3s_guest_v1_PressureLine__Output } from '../../../a3s/guest/v1/PressureLine.ts';

export interface Pressure {
  'some'?: (_a3s_guest_v1_PressureLine | null);
  'full'?: (_a3s_guest_v1_PressureLine | null);
}

export interface Pressure__Output {
  'some': (_a3s_guest_v1_PressureLine__Output | null);
  'full': (_a3s_guest_v1_PressureLine__Output | null);
}
