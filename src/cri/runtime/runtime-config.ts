import type { RuntimeConfigRequest__Output } from '../generated/runtime/v1/RuntimeConfigRequest.ts';
import type { RuntimeConfigResponse } from '../generated/runtime/v1/RuntimeConfigResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** The cgroup driver kubelet must use, static for its life; without one kubelet keeps its own. */
export function runtimeConfig({ runtime }: Cores): Handler<RuntimeConfigRequest__Output, RuntimeConfigResponse> {
  return () => {
    const driver = runtime.cgroupDriver();
    return driver === 'none' ? {} : { linux: { cgroupDriver: driver === 'systemd' ? 'SYSTEMD' : 'CGROUPFS' } };
  };
}
