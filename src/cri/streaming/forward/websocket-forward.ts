/** Legacy port forwarding over WebSocket: one connection to each port of the request, two channels for each. */
import type { WebSocket } from 'ws';
import { written } from '../pump.ts';
import { bothEnded } from '../waiting.ts';
import { ChannelConnection, type ChannelProtocol } from '../websocket/channel-connection.ts';
import { type ForwardStreams, forward, type OpenPort } from './forward.ts';

/** Two channels for each; in base64 their numbers must be ASCII, from '0' on. */
export const MAX_WEBSOCKET_PORTS = 32;

/** Serves until all connections have ended, or the client leaves, or `stopping` fires. */
export function serveWebSocketForward(
  ws: WebSocket,
  protocol: ChannelProtocol,
  ports: readonly number[],
  open: OpenPort,
  stopping: AbortSignal,
): Promise<void> {
  const connection = new ChannelConnection(ws, protocol);
  const forwards = ports.map((port, i) => ({ port, streams: openChannels(connection, i) }));
  const conversation = async (): Promise<void> => {
    await Promise.all(
      forwards.map(async ({ port, streams }) => {
        await announce(port, streams);
        await forward(open, port, streams, stopping);
      }),
    );
    await connection.end();
  };
  return bothEnded(conversation(), connection.run());
}

function openChannels(connection: ChannelConnection, index: number): ForwardStreams {
  const data = connection.channel(2 * index);
  const error = connection.channel(2 * index + 1);
  error.resume();
  // the client cannot end its side: the pod's end is the connection's
  data.once('finish', () => data.destroy());
  return { data, error };
}

/** Each channel begins with its port, in two bytes, the lower one first. */
async function announce(port: number, { data, error }: ForwardStreams): Promise<void> {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(port);
  await written(data, bytes);
  await written(error, bytes);
}
