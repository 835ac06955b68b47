/** Exec: a command in a running container, with streams. */
import type { SandboxIndex } from '../sandbox/sandbox-index.ts';
import type { ProcessStreams, StreamRequest } from '../streams.ts';
import { openProcess, type ProcessOpening } from './open-process.ts';
import { WINDOW_BYTES } from './output-stream.ts';

/** CONTAINER_STATE unless it runs; EXEC_FAILED if the command cannot be executed. */
export async function openExec(
  index: SandboxIndex,
  id: string,
  command: readonly string[],
  request: StreamRequest,
  signal: AbortSignal,
): Promise<ProcessStreams> {
  const { sandbox, container } = index.getContainer(id);
  container.requireRunning('execute a command');
  const { guest } = sandbox.vm();
  const opening = execOpening(container.id, command, request);
  return openProcess(sandbox.sessions, () => guest.session(request.tty), opening, signal);
}

export function execOpening(containerId: string, command: readonly string[], request: StreamRequest): ProcessOpening {
  const { tty, stdin } = request;
  const start = { containerId, args: [...command], stdin, tty, windowBytes: WINDOW_BYTES };
  return { call: 'Run', refused: 'EXEC_FAILED', request, first: { start } };
}
