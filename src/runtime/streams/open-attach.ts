/** Attach: the streams of a container's first process, from now on. */
import type { SandboxIndex } from '../sandbox/sandbox-index.ts';
import type { ProcessStreams, StreamRequest } from '../streams.ts';
import { openProcess, type ProcessOpening } from './open-process.ts';
import { WINDOW_BYTES } from './output-stream.ts';

/** CONTAINER_STATE unless it runs. A container without stdin takes what is sent to it and drops it, as in other runtimes. */
export async function openAttach(
  index: SandboxIndex,
  id: string,
  request: StreamRequest,
  signal: AbortSignal,
): Promise<ProcessStreams> {
  const { sandbox, container } = index.getContainer(id);
  container.requireRunning('be attached to');
  const { guest } = sandbox.vm();
  const opening = attachOpening(container.id, request);
  return openProcess(sandbox.sessions, () => guest.session(request.tty), opening, signal);
}

export function attachOpening(containerId: string, request: StreamRequest): ProcessOpening {
  const { stdin, stdout, stderr } = request;
  const attach = { containerId, stdin, stdout, stderr, windowBytes: WINDOW_BYTES };
  return { call: 'Attach', refused: 'INVALID_REQUEST', request, first: { attach } };
}
