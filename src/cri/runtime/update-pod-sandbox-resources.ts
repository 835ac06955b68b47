import { toResources } from '../convert/resources.ts';
import type { UpdatePodSandboxResourcesRequest__Output } from '../generated/runtime/v1/UpdatePodSandboxResourcesRequest.ts';
import type { UpdatePodSandboxResourcesResponse } from '../generated/runtime/v1/UpdatePodSandboxResourcesResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** kubelet asks before it changes the pod's group and its containers; an error other than UNIMPLEMENTED rejects the resize. */
export function updatePodSandboxResources({
  runtime,
}: Cores): Handler<UpdatePodSandboxResourcesRequest__Output, UpdatePodSandboxResourcesResponse> {
  return async ({ podSandboxId, resources, overhead }) => {
    await runtime.resizeSandbox(podSandboxId, {
      ...(resources === null ? {} : { resources: toResources(resources) }),
      ...(overhead === null ? {} : { overhead: toResources(overhead) }),
    });
    return {};
  };
}
