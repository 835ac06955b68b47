/** Port forwarding over SPDY, on its own connection or in a WebSocket: any number of connections, to any ports. */
import type { Duplex } from 'node:stream';
import { STREAM_CREATION_MS } from '../limits.ts';
import { SpdyConnection } from '../spdy/connection.ts';
import { bothEnded, fired } from '../waiting.ts';
import { forward, type OpenPort } from './forward.ts';
import { StreamPairs } from './stream-pairs.ts';

/** Serves until the client leaves or `stopping` fires. Rejects if the client does not keep to the protocol. */
export function serveSpdyForward(socket: Duplex, open: OpenPort, stopping: AbortSignal): Promise<void> {
  const running = new Set<Promise<void>>();
  const pairs = new StreamPairs(STREAM_CREATION_MS, ({ port, ...streams }) => {
    const one = forward(open, port, streams, stopping).finally(() => running.delete(one));
    running.add(one);
  });
  const connection = new SpdyConnection(socket, (opened) => pairs.accept(opened));
  const untilOver = async (): Promise<void> => {
    await fired(AbortSignal.any([connection.gone, stopping]));
    await Promise.all(running);
    await connection.end();
  };
  return bothEnded(untilOver(), connection.run());
}
