// Original file: proto/guest/v1/guest.proto

import type { RunExited as _a3s_guest_v1_RunExited, RunExited__Output as _a3s_guest_v1_RunExited__Output } from '../../../a3s/guest/v1/RunExited.ts';
import type { Long } from '@grpc/proto-loader';

export interface RunResponse {
  'stdout'?: (Buffer | Uint8Array | string);
  'stderr'?: (Buffer | Uint8Array | string);
  'exited'?: (_a3s_guest_v1_RunExited | null);
  'stdinTaken'?: (number | string | Long);
  'response'?: "stdout"|"stderr"|"exited"|"stdinTaken";
}

export interface RunResponse__Output {
  'stdout'?: (Buffer);
  'stderr'?: (Buffer);
  'exited'?: (_a3s_guest_v1_RunExited__Output | null);
  'stdinTaken'?: (string);
  'response'?: "stdout"|"stderr"|"exited"|"stdinTaken";
}
