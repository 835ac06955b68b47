import { BoxError } from '../../errors.ts';
import { toNumber } from '../convert/numbers.ts';
import type { ExecSyncRequest__Output } from '../generated/runtime/v1/ExecSyncRequest.ts';
import type { ExecSyncResponse } from '../generated/runtime/v1/ExecSyncResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** A non-zero exit code is a reply, not an error; a run-out timeout is DEADLINE_EXCEEDED and the process is dead. */
export function execSync({ runtime }: Cores): Handler<ExecSyncRequest__Output, ExecSyncResponse> {
  return async ({ containerId, cmd, timeout }, signal) => {
    if (cmd.length === 0) throw new BoxError('INVALID_REQUEST', 'there is no command to execute');
    const seconds = toNumber(timeout, 'timeout');
    if (seconds < 0) throw new BoxError('INVALID_REQUEST', `timeout ${timeout} is negative`);
    return runtime.execSync(containerId, cmd, seconds, signal);
  };
}
