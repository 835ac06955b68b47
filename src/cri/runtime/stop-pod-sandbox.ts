import type { StopPodSandboxRequest__Output } from '../generated/runtime/v1/StopPodSandboxRequest.ts';
import type { StopPodSandboxResponse } from '../generated/runtime/v1/StopPodSandboxResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** Idempotent; an unknown id is OK. */
export function stopPodSandbox({ runtime }: Cores): Handler<StopPodSandboxRequest__Output, StopPodSandboxResponse> {
  return async ({ podSandboxId }) => {
    await runtime.stopSandbox(podSandboxId);
    return {};
  };
}
