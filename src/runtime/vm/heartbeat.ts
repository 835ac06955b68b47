/** guest-init's heartbeat: each beat is answered by asking for the next one; a silence means that nothing in the guest works. */
import type { GuestClient } from '../../guest-client/guest-client.ts';
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
  const ask = (): void => void stream.write({ afterMs: Math.floor(limitMs / BEATS_PER_LIMIT) });
  stream.on('data', () => {
    deadline.extend();
    ask();
  });
  // a guest that is gone is told by its event stream, which ends with this one; a guest-init of an older release has no heartbeat
  stream.on('error', () => deadline.cancel());
  ask();
  return () => {
    deadline.cancel();
    stream.cancel();
  };
}
