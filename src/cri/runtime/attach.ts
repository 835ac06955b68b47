import { toStreamRequest } from '../convert/stream-request.ts';
import type { AttachRequest__Output } from '../generated/runtime/v1/AttachRequest.ts';
import type { AttachResponse } from '../generated/runtime/v1/AttachResponse.ts';
import type { Cores, Handler } from '../handler.ts';
import { runningContainer } from '../running-container.ts';

/** Answers with a URL; whoever connects to it speaks to the container's first process. */
export function attach({ runtime, streaming }: Cores): Handler<AttachRequest__Output, AttachResponse> {
  return ({ containerId, ...wanted }) => {
    const streams = toStreamRequest(wanted);
    const { id } = runningContainer(runtime, containerId);
    return { url: streaming.url({ kind: 'attach', containerId: id, streams }) };
  };
}
