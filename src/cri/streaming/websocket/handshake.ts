/** The WebSocket handshake. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** Of one message: clients send pieces of 32 KiB; tunnelled SPDY is cut anywhere. */
export const MAX_MESSAGE = 1024 * 1024;
/** How long a client may take to answer our close. */
const CLOSE_MS = 10_000;

/** Chosen by us, since ws refuses the '/' in `SPDY/3.1+portforward.k8s.io`, which kubectl and crictl send. */
const chosenProtocol = new WeakMap<IncomingMessage, string>();

const options = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  skipUTF8Validation: true,
  maxPayload: MAX_MESSAGE,
  closeTimeout: CLOSE_MS,
};
const server = new WebSocketServer(options);
server.on('headers', (headers, request) => {
  const protocol = chosenProtocol.get(request) ?? '';
  if (protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
});

/** Answers the handshake with the protocol ('' for none). ws itself refuses a request that is no WebSocket's: no callback then. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
  accepted: (ws: WebSocket) => void,
): void {
  chosenProtocol.set(request, protocol);
  delete request.headers['sec-websocket-protocol'];
  server.handleUpgrade(request, socket, head, (ws) => {
    // 'close' follows, and that is what sessions wait for; unheard it would end the daemon
    ws.on('error', () => undefined);
    accepted(ws);
  });
}
