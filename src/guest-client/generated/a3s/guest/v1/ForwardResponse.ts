// Original file: proto/guest/v1/guest.proto

import type { ForwardEnd as _a3s_guest_v1_ForwardEnd, ForwardEnd__Output as _a3s_guest_v1_ForwardEnd__Output } from '../../../a3s/guest/v1/ForwardEnd.ts';

export interface ForwardResponse {
  'data'?: (Buffer | Uint8Array | string);
  'end'?: (_a3s_guest_v1_ForwardEnd | null);
  'response'?: "data"|"end";
}

export interface ForwardResponse__Output {
  'data'?: (Buffer);
  'end'?: (_a3s_guest_v1_ForwardEnd__Output | null);
  'response'?: "data"|"end";
}
