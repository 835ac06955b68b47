/** SPDY inside binary WebSocket messages (`SPDY/3.1+portforward.k8s.io`). */
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket } from 'ws';

/** The tunnelled bytes. It closes with the WebSocket, also while nobody reads it. */
export function tunnel(ws: WebSocket): Duplex {
  const bytes = createWebSocketStream(ws);
  ws.once('close', () => bytes.destroy());
  return bytes;
}
