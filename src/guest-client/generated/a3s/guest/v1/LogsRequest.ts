// Original file: proto/guest/v1/guest.proto

import type { LogsOpen as _a3s_guest_v1_LogsOpen, LogsOpen__Output as _a3s_guest_v1_LogsOpen__Output } from '../../../a3s/guest/v1/LogsOpen.ts';
import type { LogsAck as _a3s_guest_v1_LogsAck, LogsAck__Output as _a3s_guest_v1_LogsAck__Output } from '../../../a3s/guest/v1/LogsAck.ts';

export interface LogsRequest {
  'open'?: (_a3s_guest_v1_LogsOpen | null);
  'ack'?: (_a3s_guest_v1_LogsAck | null);
  'request'?: "open"|"ack";
}

export interface LogsRequest__Output {
  'open'?: (_a3s_guest_v1_LogsOpen__Output | null);
  'ack'?: (_a3s_guest_v1_LogsAck__Output | null);
  'request'?: "open"|"ack";
}
