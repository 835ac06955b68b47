/** Opening a session with a process's streams: what exec and attach have in common. */
import type { RunRequest } from '../../guest-client/generated/a3s/guest/v1/RunRequest.ts';
import type { GuestSession } from '../../guest-client/guest-session.ts';
import type { ProcessStreams, StreamRequest } from '../streams.ts';
import { type CallNames, ProcessSession } from './process-session.ts';
import type { Sessions } from './sessions.ts';

export interface ProcessOpening extends CallNames {
  readonly request: StreamRequest;
  /** The call's first message. */
  readonly first: RunRequest;
}

/** `connect` makes the session's own connection to the guest. */
export async function openProcess(
  sessions: Sessions,
  connect: () => GuestSession,
  opening: ProcessOpening,
  signal: AbortSignal,
): Promise<ProcessStreams> {
  return sessions.open(signal, (left) => {
    const connection = connect();
    const call = opening.call === 'Run' ? connection.run() : connection.attach();
    call.write(opening.first);
    return new ProcessSession(call, opening.request, opening, () => {
      connection.close();
      left();
    });
  });
}
