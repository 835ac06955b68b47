import type { UpdateRuntimeConfigRequest__Output } from '../generated/runtime/v1/UpdateRuntimeConfigRequest.ts';
import type { UpdateRuntimeConfigResponse } from '../generated/runtime/v1/UpdateRuntimeConfigResponse.ts';
import type { Handler } from '../handler.ts';

/** kubelet tells the node's pod CIDR, which the cluster's CNI takes care of: nothing to do, but it must be OK. */
export function updateRuntimeConfig(): Handler<UpdateRuntimeConfigRequest__Output, UpdateRuntimeConfigResponse> {
  return () => ({});
}
