/** The event stream of one guest, as callbacks. Its end means that guest-init or the whole VM is gone. */

import type { ContainerInfo__Output } from '../../guest-client/generated/a3s/guest/v1/ContainerInfo.ts';
import type { Event__Output } from '../../guest-client/generated/a3s/guest/v1/Event.ts';
import type { Exited__Output } from '../../guest-client/generated/a3s/guest/v1/Exited.ts';
import type { GuestClient } from '../../guest-client/guest-client.ts';
import { guestError, isServiceError } from '../../guest-client/guest-error.ts';

export interface GuestEventHandlers {
  exited(event: Exited__Output): void;
  /** The stream ended for good. */
  ended(): void;
}

/** Subscribes; resolves with the snapshot, after which the handlers are called in order. Rejects if the stream ends before it. */
export function watchGuest(
  guest: GuestClient,
  handlers: GuestEventHandlers,
): Promise<readonly ContainerInfo__Output[]> {
  const stream = guest.events();
  return new Promise((resolve, reject) => {
    stream.on('data', (event: Event__Output) => {
      if (event.snapshot) resolve(event.snapshot.containers);
      else if (event.exited) handlers.exited(event.exited);
    });
    stream.on('error', (error) => {
      reject(isServiceError(error) ? guestError(error, 'Events', 'GUEST_ANSWER') : error);
    });
    // grpc-js emits 'close' after 'error' as well as after 'end'
    stream.once('close', () => handlers.ended());
  });
}
