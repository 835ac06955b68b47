/** Exec as a WebSocket client has it: the URL from CRI's Exec, then a channel protocol. */
import { once } from 'node:events';
import { WebSocket } from 'undici';
import { z } from 'zod';
import { type Cri, call } from './cri.ts';
import { EVENT_MS } from './settings.ts';

/** All runtimes know v4; only in v5 can a client end stdin. */
export type ChannelProtocol = 'v4.channel.k8s.io' | 'v5.channel.k8s.io';
/** The first byte of each message says which stream it is of; in v5, CLOSE ends the one that follows. */
const STDIN = 0;
const STDOUT = 1;
const ERROR = 3;
const CLOSE = 255;

const statusSchema = z.object({ status: z.enum(['Success', 'Failure']), message: z.string().optional() });

/**
 * Runs a command to its end, `stdin` sent whole, and ended where the protocol can; resolves with its stdout. Rejects if it fails or
 * the connection ends before its status came.
 */
export async function websocketExec(
  { runtime }: Cri,
  containerId: string,
  cmd: string[],
  stdin?: Uint8Array,
  protocol: ChannelProtocol = 'v4.channel.k8s.io',
): Promise<Buffer> {
  const request = { containerId, cmd, stdin: stdin !== undefined, stdout: true, stderr: false, tty: false };
  const { url } = await call(runtime.exec.bind(runtime), request);
  const socket = new WebSocket(url.replace(/^http/, 'ws'), protocol);
  socket.binaryType = 'arraybuffer';
  const stdout: Buffer[] = [];
  let status: string | undefined;
  socket.addEventListener('message', ({ data }) => {
    const bytes = Buffer.from(z.instanceof(ArrayBuffer).parse(data));
    if (bytes[0] === STDOUT) stdout.push(bytes.subarray(1));
    else if (bytes[0] === ERROR && bytes.length > 1) status = bytes.subarray(1).toString();
  });
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(EVENT_MS) });
  socket.addEventListener('open', () => {
    if (stdin === undefined) return;
    send(socket, stdin);
    if (protocol === 'v5.channel.k8s.io') socket.send(Buffer.of(CLOSE, STDIN));
  });
  await closed;
  if (status === undefined) throw new Error(`${cmd.join(' ')}: the connection ended without a status`);
  const { status: end, message } = statusSchema.parse(JSON.parse(status));
  if (end !== 'Success') throw new Error(`${cmd.join(' ')}: ${message}`);
  return Buffer.concat(stdout);
}

const CHUNK = 32 * 1024;

function send(socket: WebSocket, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; from += CHUNK) {
    socket.send(Buffer.concat([Buffer.of(STDIN), bytes.subarray(from, from + CHUNK)]));
  }
}
