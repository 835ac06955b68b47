/** Port-forward: a connection to a port of the pod. */
import type { Duplex } from 'node:stream';
import { BoxError } from '../../errors.ts';
import type { GuestSession } from '../../guest-client/guest-session.ts';
import type { SandboxIndex } from '../sandbox/sandbox-index.ts';
import { ForwardConnection } from './forward-connection.ts';
import type { Sessions } from './sessions.ts';

const MAX_PORT = 65_535;

/** FORWARD_FAILED if nothing listens; SANDBOX_NOT_READY if it has no VM. */
export async function openForward(
  index: SandboxIndex,
  sandboxId: string,
  port: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const sandbox = index.get(sandboxId);
  const { guest } = sandbox.vm();
  return forwardTo(sandbox.sessions, () => guest.session(false), port, signal);
}

/** `connect` makes the session's own connection to the guest. */
export async function forwardTo(
  sessions: Sessions,
  connect: () => GuestSession,
  port: number,
  signal: AbortSignal,
): Promise<Duplex> {
  if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) {
    throw new BoxError('INVALID_REQUEST', `${port} is no TCP port: it is a number from 1 to ${MAX_PORT}`);
  }
  return sessions.open(signal, (left) => {
    const connection = connect();
    const call = connection.forward();
    call.write({ port });
    return new ForwardConnection(call, () => {
      connection.close();
      left();
    });
  });
}
