import { BoxError } from '../../errors.ts';
import { toStreamRequest } from '../convert/stream-request.ts';
import type { ExecRequest__Output } from '../generated/runtime/v1/ExecRequest.ts';
import type { ExecResponse } from '../generated/runtime/v1/ExecResponse.ts';
import type { Cores, Handler } from '../handler.ts';
import { runningContainer } from '../running-container.ts';

/** Answers with a URL; the process starts when somebody has connected to it. */
export function exec({ runtime, streaming }: Cores): Handler<ExecRequest__Output, ExecResponse> {
  return ({ containerId, cmd, ...wanted }) => {
    const streams = toStreamRequest(wanted);
    if (cmd.length === 0) throw new BoxError('INVALID_REQUEST', 'there is no command to execute');
    const { id } = runningContainer(runtime, containerId);
    return { url: streaming.url({ kind: 'exec', containerId: id, command: cmd, streams }) };
  };
}
