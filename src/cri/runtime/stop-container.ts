import { BoxError } from '../../errors.ts';
import { toNumber } from '../convert/numbers.ts';
import type { StopContainerRequest__Output } from '../generated/runtime/v1/StopContainerRequest.ts';
import type { StopContainerResponse } from '../generated/runtime/v1/StopContainerResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** EXITED on return; an unknown id is OK; timeout 0 kills at once. */
export function stopContainer({ runtime }: Cores): Handler<StopContainerRequest__Output, StopContainerResponse> {
  return async ({ containerId, timeout }) => {
    const seconds = toNumber(timeout, 'timeout');
    if (seconds < 0) throw new BoxError('INVALID_REQUEST', `timeout ${timeout} is negative`);
    await runtime.stopContainer(containerId, seconds);
    return {};
  };
}
