// Original file: proto/guest/v1/guest.proto

import type { Snapshot as _a3s_guest_v1_Snapshot, Snapshot__Output as _a3s_guest_v1_Snapshot__Output } from '../../../a3s/guest/v1/Snapshot.ts';
import type { Exited as _a3s_guest_v1_Exited, Exited__Output as _a3s_guest_v1_Exited__Output } from '../../../a3s/guest/v1/Exited.ts';

export interface Event {
  'snapshot'?: (_a3s_guest_v1_Snapshot | null);
  'exited'?: (_a3s_guest_v1_Exited | null);
  'event'?: "snapshot"|"exited";
}

export interface Event__Output {
  'snapshot'?: (_a3s_guest_v1_Snapshot__Output | null);
  'exited'?: (_a3s_guest_v1_Exited__Output | null);
  'event'?: "snapshot"|"exited";
}
