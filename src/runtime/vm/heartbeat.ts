/**
 * guest-init's heartbeat: each beat is answered by asking for the next one; a silence means that nothing in the guest works. Each
 * request brings the host's clock, which the guest's follows.
 *
 * INVARIANT: that clock is read after the last beat has come and right before the request is written: it is how guest-init knows the
 * greatest age that it can have. (The first request waits for a connection. guest-init takes it for as old as may be.)
 */
import { status } from '@grpc/grpc-js';
import type { GuestClient } from '../../guest-client/guest-client.ts';
import { isServiceError } from '../../guest-client/guest-error.ts';
import { nowNanos } from '../time.ts';
import { Deadline } from './deadline.ts';

/** So many beats in a row may be late or lost before the guest is given up. Each wakes an idle guest: more would cost more than they tell. */
const BEATS_PER_LIMIT = 3;

/** Follows it until the returned function is called. `silent` is called once, when no beat has come for `limitMs`. */
export function followHeartbeat(
  guest: Pick<GuestClient, 'heartbeat'>,
  limitMs: number,
  silent: () => void,
): () => void {
  const stream = guest.heartbeat();
  const deadline = new Deadline(limitMs, silent);
  const afterMs = Math.floor(limitMs / BEATS_PER_LIMIT);
  const ask = (): void => void stream.write({ afterMs, realtimeNs: nowNanos() });
  stream.on('data', () => {
    deadline.extend();
    ask();
  });
  // a guest-init of an older release has no heartbeat; after any other error no beat comes either, and silence is what counts
  stream.on('error', (error) => {
    if (isServiceError(error) && error.code === status.UNIMPLEMENTED) deadline.cancel();
  });
  ask();
  return () => {
    deadline.cancel();
    stream.cancel();
  };
}
