/** The little HTTP there is before a connection becomes SPDY or WebSocket. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { StreamingKind } from './streaming-request.ts';

/** A connection that asks to be upgraded. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client has sent behind its request. */
  readonly head: Buffer;
}

/** An answer other than "switching protocols". */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** `/exec/TOKEN` and its like; undefined for anything else. */
export function parsePath(url: string): { readonly kind: StreamingKind; readonly token: string } | undefined {
  const match = /^\/(exec|attach|portforward)\/([A-Za-z0-9_-]{1,64})(?:\?.*)?$/.exec(url);
  const [, kind, token] = match ?? [];
  if ((kind !== 'exec' && kind !== 'attach' && kind !== 'portforward') || token === undefined) return undefined;
  return { kind, token };
}

/** The protocol that the client wants to go on with. 400 if it is none of ours. */
export function upgradeTo({ headers }: IncomingMessage): 'spdy' | 'websocket' {
  const wanted = (headers.upgrade ?? '').toLowerCase();
  if (wanted === 'websocket') return 'websocket';
  if (wanted === 'spdy/3.1') return 'spdy';
  throw new Refusal(400, 'upgrade the connection to SPDY/3.1 or to WebSocket');
}

/** The names in a header that holds a list, in order. */
export function listHeader({ headers }: IncomingMessage, name: string): readonly string[] {
  const header = headers[name] ?? '';
  return [header]
    .flat()
    .join(',')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** "Switching protocols" to SPDY, with the stream protocol that was chosen. */
export function switchToSpdy({ socket, head }: Upgrade, streamProtocol: string): void {
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
      `X-Stream-Protocol-Version: ${streamProtocol}\r\n\r\n`,
  );
  if (head.length > 0) socket.unshift(head);
}

export function refuse(socket: Duplex, { status, message, headers }: Refusal): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(message)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${message}`, () => socket.destroy());
}
