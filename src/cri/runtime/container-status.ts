import { toContainerStatus } from '../convert/views.ts';
import type { ContainerStatusRequest__Output } from '../generated/runtime/v1/ContainerStatusRequest.ts';
import type { ContainerStatusResponse } from '../generated/runtime/v1/ContainerStatusResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** An unknown id is NOT_FOUND. */
export function containerStatus({ runtime }: Cores): Handler<ContainerStatusRequest__Output, ContainerStatusResponse> {
  return async ({ containerId, verbose }) => {
    const container = runtime.container(containerId);
    return {
      status: toContainerStatus(container),
      ...(verbose ? { info: { info: JSON.stringify(await runtime.containerInfo(container.id)) } } : {}),
    };
  };
}
