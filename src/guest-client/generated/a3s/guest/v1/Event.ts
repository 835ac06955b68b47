// Original file: proto/guest/v1/guest.proto

import type { Snapshot as _a3s_guest_v1_Snapshot, Snapshot__Output as _a3s_guest_v1_Snapshot__Output } from '../../../a3s/guest/v1/Snapshot.ts';
import type { Exited as _a3s_guest_v1_Exited, Exited__Output as _a3s_guest_v1_Exited__Output } from '../../../a3s/guest/v1/Exited.ts';
import type { Oom as _a3s_guest_v1_Oom, Oom__Output as _a3s_guest_v1_Oom__Output } from '../../../a3s/guest/v1/Oom.ts';

export interface Event {
  'snapshot'?: (_a3s_guest_v1_Snapshot | null);
  'exited'?: (_a3s_guest_v1_Exited | null);
  'oom'?: (_a3s_guest_v1_Oom | null);
  'event'?: "snapshot"|"exited"|"oom";
}

export interface Event__Output {
  'snapshot'?: (_a3s_guest_v1_Snapshot__Output | null);
  'exited'?: (_a3s_guest_v1_Exited__Output | null);
  'oom'?: (_a3s_guest_v1_Oom__Output | null);
  'event'?: "snapshot"|"exited"|"oom";
}
