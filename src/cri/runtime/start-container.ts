import type { StartContainerRequest__Output } from '../generated/runtime/v1/StartContainerRequest.ts';
import type { StartContainerResponse } from '../generated/runtime/v1/StartContainerResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** Returns when the process runs. */
export function startContainer({ runtime }: Cores): Handler<StartContainerRequest__Output, StartContainerResponse> {
  return async ({ containerId }) => {
    await runtime.startContainer(containerId);
    return {};
  };
}
