// Original file: proto/guest/v1/guest.proto

import type { RunStart as _a3s_guest_v1_RunStart, RunStart__Output as _a3s_guest_v1_RunStart__Output } from '../../../a3s/guest/v1/RunStart.ts';
import type { CloseStdin as _a3s_guest_v1_CloseStdin, CloseStdin__Output as _a3s_guest_v1_CloseStdin__Output } from '../../../a3s/guest/v1/CloseStdin.ts';
import type { TerminalSize as _a3s_guest_v1_TerminalSize, TerminalSize__Output as _a3s_guest_v1_TerminalSize__Output } from '../../../a3s/guest/v1/TerminalSize.ts';
import type { OutputTaken as _a3s_guest_v1_OutputTaken, OutputTaken__Output as _a3s_guest_v1_OutputTaken__Output } from '../../../a3s/guest/v1/OutputTaken.ts';
import type { AttachStart as _a3s_guest_v1_AttachStart, AttachStart__Output as _a3s_guest_v1_AttachStart__Output } from '../../../a3s/guest/v1/AttachStart.ts';

export interface RunRequest {
  'start'?: (_a3s_guest_v1_RunStart | null);
  'stdin'?: (Buffer | Uint8Array | string);
  'closeStdin'?: (_a3s_guest_v1_CloseStdin | null);
  'resize'?: (_a3s_guest_v1_TerminalSize | null);
  'taken'?: (_a3s_guest_v1_OutputTaken | null);
  'attach'?: (_a3s_guest_v1_AttachStart | null);
  'request'?: "start"|"stdin"|"closeStdin"|"resize"|"taken"|"attach";
}

export interface RunRequest__Output {
  'start'?: (_a3s_guest_v1_RunStart__Output | null);
  'stdin'?: (Buffer);
  'closeStdin'?: (_a3s_guest_v1_CloseStdin__Output | null);
  'resize'?: (_a3s_guest_v1_TerminalSize__Output | null);
  'taken'?: (_a3s_guest_v1_OutputTaken__Output | null);
  'attach'?: (_a3s_guest_v1_AttachStart__Output | null);
  'request'?: "start"|"stdin"|"closeStdin"|"resize"|"taken"|"attach";
}
