import type { RuntimeConfigRequest__Output } from '../generated/runtime/v1/RuntimeConfigRequest.ts';
import type { RuntimeConfigResponse } from '../generated/runtime/v1/RuntimeConfigResponse.ts';
import type { Handler } from '../handler.ts';

/** The cgroup driver kubelet must use; static for its life. */
export function runtimeConfig(): Handler<RuntimeConfigRequest__Output, RuntimeConfigResponse> {
  return () => ({ linux: { cgroupDriver: 'CGROUPFS' } });
}
