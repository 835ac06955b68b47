// Original file: proto/guest/v1/guest.proto

import type { RunStart as _a3s_guest_v1_RunStart, RunStart__Output as _a3s_guest_v1_RunStart__Output } from '../../../a3s/guest/v1/RunStart.ts';
import type { CloseStdin as _a3s_guest_v1_CloseStdin, CloseStdin__Output as _a3s_guest_v1_CloseStdin__Output } from '../../../a3s/guest/v1/CloseStdin.ts';

export interface RunRequest {
  'start'?: (_a3s_guest_v1_RunStart | null);
  'stdin'?: (Buffer | Uint8Array | string);
  'closeStdin'?: (_a3s_guest_v1_CloseStdin | null);
  'request'?: "start"|"stdin"|"closeStdin";
}

export interface RunRequest__Output {
  'start'?: (_a3s_guest_v1_RunStart__Output | null);
  'stdin'?: (Buffer);
  'closeStdin'?: (_a3s_guest_v1_CloseStdin__Output | null);
  'request'?: "start"|"stdin"|"closeStdin";
}
