/** A streaming session as a WebSocket client has it: the URL from Exec, then v4.channel.k8s.io, the version that all runtimes know. */
import { once } from 'node:events';
import { WebSocket } from 'undici';
import { z } from 'zod';
import { type Cri, call } from '../e2e/harness/cri.ts';
import { EVENT_MS } from '../e2e/harness/settings.ts';

const PROTOCOL = 'v4.channel.k8s.io';
/** The first byte of each message says which stream it is of. */
const STDIN = 0;
const STDOUT = 1;
const ERROR = 3;

const statusSchema = z.object({ status: z.enum(['Success', 'Failure']), message: z.string().optional() });

export interface Session {
  /** Bytes of the command's standard output. */
  readonly stdout: number;
}

/** Runs a command to its end, `stdin` sent whole. Rejects if it fails or the connection ends before its status came. */
export async function session(cri: Cri, containerId: string, cmd: string[], stdin?: Uint8Array): Promise<Session> {
  const { runtime } = cri;
  const request = { containerId, cmd, stdin: stdin !== undefined, stdout: true, stderr: false, tty: false };
  const { url } = await call(runtime.exec.bind(runtime), request);
  const socket = new WebSocket(url.replace(/^http/, 'ws'), PROTOCOL);
  socket.binaryType = 'arraybuffer';
  let stdout = 0;
  let status: string | undefined;
  socket.addEventListener('message', ({ data }) => {
    const bytes = Buffer.from(z.instanceof(ArrayBuffer).parse(data));
    if (bytes[0] === STDOUT) stdout += bytes.length - 1;
    else if (bytes[0] === ERROR && bytes.length > 1) status = bytes.subarray(1).toString();
  });
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(EVENT_MS) });
  if (stdin !== undefined) socket.addEventListener('open', () => send(socket, stdin));
  await closed;
  if (status === undefined) throw new Error(`${cmd.join(' ')}: the connection ended without a status`);
  const { status: end, message } = statusSchema.parse(JSON.parse(status));
  if (end !== 'Success') throw new Error(`${cmd.join(' ')}: ${message}`);
  return { stdout };
}

const CHUNK = 32 * 1024;

function send(socket: WebSocket, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; from += CHUNK) {
    socket.send(Buffer.concat([Buffer.of(STDIN), bytes.subarray(from, from + CHUNK)]));
  }
}
