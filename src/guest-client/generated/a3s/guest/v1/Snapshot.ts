// Original file: proto/guest/v1/guest.proto

import type { ContainerInfo as _a3s_guest_v1_ContainerInfo, ContainerInfo__Output as _a3s_guest_v1_ContainerInfo__Output } from '../../../a3s/guest/v1/ContainerInfo.ts';

export interface Snapshot {
  'containers'?: (_a3s_guest_v1_ContainerInfo)[];
}

export interface Snapshot__Output {
  'containers': (_a3s_guest_v1_ContainerInfo__Output)[];
}
