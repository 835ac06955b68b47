/**
 * A process of its own that sends and checks many bytes, so that a test of memory measures the server alone.
 *   bulk-peer.ts serve SIZE         listens, prints its port, reads SIZE bytes from the one client, then sends as many
 *   bulk-peer.ts dial PORT SIZE     the other side: sends first
 * Each prints `ok` if every byte it read was the right one.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const BLOCK = 64 * 1024;
/** A prime: no two neighbouring blocks of a transfer are alike. */
const PERIOD = 65_521;
const pattern = Buffer.from(
  Uint8Array.from({ length: PERIOD + BLOCK }, (_, i) => ((i % PERIOD) * 2_654_435_761) >>> 24),
);

/** The bytes at `at` of every transfer. */
function bytesAt(at: number, length: number): Buffer {
  const from = at % PERIOD;
  return pattern.subarray(from, from + length);
}

async function send(socket: Socket, size: number): Promise<void> {
  for (let at = 0; at < size; at += BLOCK) {
    if (!socket.write(bytesAt(at, Math.min(BLOCK, size - at)))) await once(socket, 'drain');
  }
  socket.end();
}

async function check(socket: Socket, size: number): Promise<void> {
  let at = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    for (let i = 0; i < chunk.length; i += BLOCK) {
      const piece = chunk.subarray(i, i + BLOCK);
      if (!piece.equals(bytesAt(at, piece.length))) throw new Error(`wrong bytes behind ${at}`);
      at += piece.length;
    }
  }
  if (at !== size) throw new Error(`${at} bytes came instead of ${size}`);
}

const [role, ...numbers] = process.argv.slice(2);
const [first = 0, second = 0] = numbers.map(Number);
if (role === 'serve') {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  const [socket] = (await once(server, 'connection')) as [Socket];
  server.close();
  await check(socket, first);
  await send(socket, first);
} else {
  const socket = connect({ port: first, host: '127.0.0.1', allowHalfOpen: true });
  await send(socket, second);
  await check(socket, second);
}
process.stdout.write('ok\n');
