// Original file: proto/guest/v1/guest.proto

import type { LogChunk as _a3s_guest_v1_LogChunk, LogChunk__Output as _a3s_guest_v1_LogChunk__Output } from '../../../a3s/guest/v1/LogChunk.ts';
import type { LogsEnd as _a3s_guest_v1_LogsEnd, LogsEnd__Output as _a3s_guest_v1_LogsEnd__Output } from '../../../a3s/guest/v1/LogsEnd.ts';

export interface LogsResponse {
  'chunk'?: (_a3s_guest_v1_LogChunk | null);
  'end'?: (_a3s_guest_v1_LogsEnd | null);
  'response'?: "chunk"|"end";
}

export interface LogsResponse__Output {
  'chunk'?: (_a3s_guest_v1_LogChunk__Output | null);
  'end'?: (_a3s_guest_v1_LogsEnd__Output | null);
  'response'?: "chunk"|"end";
}
