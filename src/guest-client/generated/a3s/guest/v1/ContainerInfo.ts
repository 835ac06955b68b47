// Original file: proto/guest/v1/guest.proto

import type { Exited as _a3s_guest_v1_Exited, Exited__Output as _a3s_guest_v1_Exited__Output } from '../../../a3s/guest/v1/Exited.ts';
import type { Long } from '@grpc/proto-loader';

// Original file: proto/guest/v1/guest.proto

export const _a3s_guest_v1_ContainerInfo_State = {
  STATE_UNSPECIFIED: 'STATE_UNSPECIFIED',
  CREATED: 'CREATED',
  RUNNING: 'RUNNING',
  EXITED: 'EXITED',
  STARTING: 'STARTING',
} as const;

export type _a3s_guest_v1_ContainerInfo_State =
  | 'STATE_UNSPECIFIED'
  | 0
  | 'CREATED'
  | 1
  | 'RUNNING'
  | 2
  | 'EXITED'
  | 3
  | 'STARTING'
  | 4

export type _a3s_guest_v1_ContainerInfo_State__Output = typeof _a3s_guest_v1_ContainerInfo_State[keyof typeof _a3s_guest_v1_ContainerInfo_State]

export interface ContainerInfo {
  'containerId'?: (string);
  'state'?: (_a3s_guest_v1_ContainerInfo_State);
  'startedAtNs'?: (number | string | Long);
  'pid'?: (number);
  'exited'?: (_a3s_guest_v1_Exited | null);
}

export interface ContainerInfo__Output {
  'containerId': (string);
  'state': (_a3s_guest_v1_ContainerInfo_State__Output);
  'startedAtNs': (string);
  'pid': (number);
  'exited': (_a3s_guest_v1_Exited__Output | null);
}
