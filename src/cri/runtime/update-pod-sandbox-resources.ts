import { toResources } from '../convert/resources.ts';
import type { UpdatePodSandboxResourcesRequest__Output } from '../generated/runtime/v1/UpdatePodSandboxResourcesRequest.ts';
import type { UpdatePodSandboxResourcesResponse } from '../generated/runtime/v1/UpdatePodSandboxResourcesResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/**
 * kubelet asks before it changes the containers; an error other than UNIMPLEMENTED rejects the pod's resize. The overhead is the
 * host's business: a VM's own memory does not change while it runs.
 */
export function updatePodSandboxResources({
  runtime,
}: Cores): Handler<UpdatePodSandboxResourcesRequest__Output, UpdatePodSandboxResourcesResponse> {
  return ({ podSandboxId, resources }) => {
    runtime.checkSandboxResize(podSandboxId, resources === null ? undefined : toResources(resources));
    return {};
  };
}
