/** The streams that Exec and Attach ask for. Pure. */
import { BoxError } from '../../errors.ts';
import type { StreamRequest } from '../../runtime/streams.ts';

/** INVALID_REQUEST for what CRI forbids: a terminal with a stderr of its own, or no stream at all (cri-streaming). */
export function toStreamRequest({ tty, stdin, stdout, stderr }: StreamRequest): StreamRequest {
  if (tty && stderr) {
    throw new BoxError('INVALID_REQUEST', 'tty and stderr exclude each other: a terminal has one output');
  }
  if (!stdin && !stdout && !stderr) {
    throw new BoxError('INVALID_REQUEST', 'one of stdin, stdout and stderr must be asked for');
  }
  return { tty, stdin, stdout, stderr };
}
