/** The Unix socket behind vsock port 4087: guest-init dials it once, when it serves. */
import { createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { BoxError, messageOf } from '../../errors.ts';

const LINE_LIMIT = 1024;

const readySchema = z.object({
  version: z.string().max(64),
  token: z.string(),
  /** CLOCK_BOOTTIME of the guest when guest-init's main began, and when it served. */
  initNs: z.number().int().nonnegative(),
  readyNs: z.number().int().nonnegative(),
});
export type GuestReady = z.infer<typeof readySchema>;

export interface ReadySocket {
  /** The guest's one line; rejects with GUEST_ANSWER if it is not one. */
  readonly ready: Promise<GuestReady>;
  close(): void;
}

/** Listens until the first connection was read or `close`. */
export async function listenForReady(path: string, token: string): Promise<ReadySocket> {
  const server = createServer();
  const ready = new Promise<GuestReady>((resolve, reject) => {
    server.once('connection', (socket) => {
      readLine(socket, (line) => resolve(parseReady(line, token)), reject);
    });
  });
  // whoever waits sees the rejection; without a waiter it must not end the daemon
  ready.catch(() => undefined);
  await listen(server, path);
  return { ready, close: () => void server.close() };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new BoxError('BOOT_FAILED', `cannot listen on ${path}: ${cause.message}`, { cause })),
    );
    server.listen(path, () => resolve());
  });
}

function readLine(socket: Socket, take: (line: string) => void, reject: (error: unknown) => void): void {
  let text = '';
  const finish = (): void => {
    socket.destroy();
    try {
      take(text);
    } catch (error) {
      reject(error);
    }
  };
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.includes('\n') || text.length > LINE_LIMIT) finish();
  });
  socket.once('end', finish);
  socket.once('error', reject);
}

/** Exported for its test. */
export function parseReady(line: string, token: string): GuestReady {
  let ready: GuestReady;
  try {
    ready = readySchema.parse(JSON.parse(line.slice(0, LINE_LIMIT)));
  } catch (cause) {
    throw new BoxError('GUEST_ANSWER', `guest-init's ready message cannot be read: ${messageOf(cause)}`, { cause });
  }
  if (ready.token !== token) throw new BoxError('GUEST_ANSWER', 'guest-init answered with the token of another boot');
  return ready;
}
