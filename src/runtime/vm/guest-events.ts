/** The event stream of one guest, as callbacks. Its end means that guest-init or the whole VM is gone. */

import { BoxError } from '../../errors.ts';
import type { ContainerInfo__Output } from '../../guest-client/generated/a3s/guest/v1/ContainerInfo.ts';
import type { Event__Output } from '../../guest-client/generated/a3s/guest/v1/Event.ts';
import type { Exited__Output } from '../../guest-client/generated/a3s/guest/v1/Exited.ts';
import type { GuestClient } from '../../guest-client/guest-client.ts';
import { guestError, isServiceError } from '../../guest-client/guest-error.ts';
import { ID_PATTERN } from '../paths.ts';
import { Deadline } from './deadline.ts';

/** Characters of a guest's words that an error quotes. */
const QUOTED = 100;

export interface GuestEventHandlers {
  exited(event: Exited__Output): void;
  /** The stream ended for good. */
  ended(): void;
}

/**
 * Subscribes; resolves with the snapshot, after which the handlers are called in order. Rejects, and calls none of them, if the
 * stream ends before it, or if it does not come in time (DEADLINE): a guest that stands still neither answers nor hangs up.
 * GUEST_ANSWER if it names a container as none is called: paths are made of these names.
 */
export function watchGuest(
  guest: Pick<GuestClient, 'events'>,
  handlers: GuestEventHandlers,
  limitMs: number,
): Promise<readonly ContainerInfo__Output[]> {
  const stream = guest.events();
  const snapshot = Promise.withResolvers<readonly ContainerInfo__Output[]>();
  let begun = false;
  const deadline = new Deadline(limitMs, () => {
    snapshot.reject(new BoxError('DEADLINE', `guest-init did not answer in ${limitMs / 1000} s`));
    stream.cancel();
  });
  stream.on('data', (event: Event__Output) => {
    if (event.exited) handlers.exited(event.exited);
    if (!event.snapshot) return;
    const { containers } = event.snapshot;
    const odd = containers.find(({ containerId }) => !ID_PATTERN.test(containerId));
    if (odd !== undefined) {
      const name = JSON.stringify(odd.containerId.slice(0, QUOTED));
      snapshot.reject(new BoxError('GUEST_ANSWER', `guest-init has a container called ${name}, which is no id`));
      stream.cancel();
      return;
    }
    begun = true;
    deadline.cancel();
    snapshot.resolve(containers);
  });
  stream.on('error', (error) => {
    snapshot.reject(isServiceError(error) ? guestError(error, 'Events', 'GUEST_ANSWER') : error);
  });
  // grpc-js emits 'close' after 'error' as well as after 'end'
  stream.once('close', () => {
    deadline.cancel();
    if (begun) handlers.ended();
    else snapshot.reject(new BoxError('GUEST_GONE', 'guest-init ended its events before the first'));
  });
  return snapshot.promise;
}
