import { nowNanos } from '../../runtime/time.ts';
import { toContainerStatus, toPodSandboxStatus } from '../convert/views.ts';
import type { PodSandboxStatusRequest__Output } from '../generated/runtime/v1/PodSandboxStatusRequest.ts';
import type { PodSandboxStatusResponse } from '../generated/runtime/v1/PodSandboxStatusResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** An unknown id is NOT_FOUND: the only code on which kubelet skips it. */
export function podSandboxStatus({
  runtime,
}: Cores): Handler<PodSandboxStatusRequest__Output, PodSandboxStatusResponse> {
  return ({ podSandboxId, verbose }) => {
    const sandbox = runtime.sandbox(podSandboxId);
    const containers = runtime.listContainers().filter(({ sandboxId }) => sandboxId === sandbox.id);
    return {
      status: toPodSandboxStatus(sandbox),
      containersStatuses: containers.map(toContainerStatus),
      timestamp: nowNanos(),
      ...(verbose ? { info: { info: JSON.stringify(runtime.sandboxInfo(sandbox.id)) } } : {}),
    };
  };
}
