import { BoxError } from '../../errors.ts';
import { toResources } from '../convert/resources.ts';
import type { UpdateContainerResourcesRequest__Output } from '../generated/runtime/v1/UpdateContainerResourcesRequest.ts';
import type { UpdateContainerResourcesResponse } from '../generated/runtime/v1/UpdateContainerResourcesResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** All of it or an error; kubelet sends memory and processor together, and reads the outcome from ContainerStatus. */
export function updateContainerResources({
  runtime,
}: Cores): Handler<UpdateContainerResourcesRequest__Output, UpdateContainerResourcesResponse> {
  return async ({ containerId, linux }) => {
    if (linux === null) throw new BoxError('INVALID_REQUEST', 'the request has no linux resources');
    await runtime.updateContainer(containerId, toResources(linux));
    return {};
  };
}
