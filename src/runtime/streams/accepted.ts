/** The guest's word that a stream is open. */
import type { EventEmitter } from 'node:events';

/**
 * Resolves with the reply's headers: the program runs, the streams are joined, the port is connected. Rejects as `over` does
 * if that comes first.
 */
export async function accepted(call: EventEmitter, over: Promise<unknown>): Promise<void> {
  const headers = new Promise<void>((resolve) => {
    call.once('metadata', () => resolve());
  });
  await Promise.race([headers, over]);
}
