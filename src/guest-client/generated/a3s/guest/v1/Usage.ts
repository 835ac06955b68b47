// Original file: proto/guest/v1/guest.proto

import type { CpuUsage as _a3s_guest_v1_CpuUsage, CpuUsage__Output as _a3s_guest_v1_CpuUsage__Output } from '../../../a3s/guest/v1/CpuUsage.ts';
import type { MemoryUsage as _a3s_guest_v1_MemoryUsage, MemoryUsage__Output as _a3s_guest_v1_MemoryUsage__Output } from '../../../a3s/guest/v1/MemoryUsage.ts';
import type { Pressure as _a3s_guest_v1_Pressure, Pressure__Output as _a3s_guest_v1_Pressure__Output } from '../../../a3s/guest/v1/Pressure.ts';
import type { DeviceIo as _a3s_guest_v1_DeviceIo, DeviceIo__Output as _a3s_guest_v1_DeviceIo__Output } from '../../../a3s/guest/v1/DeviceIo.ts';
import type { HugePages as _a3s_guest_v1_HugePages, HugePages__Output as _a3s_guest_v1_HugePages__Output } from '../../../a3s/guest/v1/HugePages.ts';
import type { Long } from '@grpc/proto-loader';

export interface Usage {
  'cpu'?: (_a3s_guest_v1_CpuUsage | null);
  'memory'?: (_a3s_guest_v1_MemoryUsage | null);
  'processes'?: (number | string | Long);
  'threads'?: (number | string | Long);
  'threadsMax'?: (number | string | Long);
  'cpuPressure'?: (_a3s_guest_v1_Pressure | null);
  'memoryPressure'?: (_a3s_guest_v1_Pressure | null);
  'ioPressure'?: (_a3s_guest_v1_Pressure | null);
  'io'?: (_a3s_guest_v1_DeviceIo)[];
  'hugePages'?: (_a3s_guest_v1_HugePages)[];
  '_threadsMax'?: "threadsMax";
}

export interface Usage__Output {
  'cpu': (_a3s_guest_v1_CpuUsage__Output | null);
  'memory': (_a3s_guest_v1_MemoryUsage__Output | null);
  'processes': (string);
  'threads': (string);
  'threadsMax'?: (string);
  'cpuPressure': (_a3s_guest_v1_Pressure__Output | null);
  'memoryPressure': (_a3s_guest_v1_Pressure__Output | null);
  'ioPressure': (_a3s_guest_v1_Pressure__Output | null);
  'io': (_a3s_guest_v1_DeviceIo__Output)[];
  'hugePages': (_a3s_guest_v1_HugePages__Output)[];
  '_threadsMax'?: "threadsMax";
}
