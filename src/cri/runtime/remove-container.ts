import type { RemoveContainerRequest__Output } from '../generated/runtime/v1/RemoveContainerRequest.ts';
import type { RemoveContainerResponse } from '../generated/runtime/v1/RemoveContainerResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** Idempotent and forced; an unknown id is OK. */
export function removeContainer({ runtime }: Cores): Handler<RemoveContainerRequest__Output, RemoveContainerResponse> {
  return async ({ containerId }) => {
    await runtime.removeContainer(containerId);
    return {};
  };
}
