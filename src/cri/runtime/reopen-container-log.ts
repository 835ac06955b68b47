import type { ReopenContainerLogRequest__Output } from '../generated/runtime/v1/ReopenContainerLogRequest.ts';
import type { ReopenContainerLogResponse } from '../generated/runtime/v1/ReopenContainerLogResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** After the reply nothing more goes to the file that kubelet has renamed. Not running: FAILED_PRECONDITION, and no file is made. */
export function reopenContainerLog({
  runtime,
}: Cores): Handler<ReopenContainerLogRequest__Output, ReopenContainerLogResponse> {
  return async ({ containerId }) => {
    await runtime.reopenContainerLog(containerId);
    return {};
  };
}
