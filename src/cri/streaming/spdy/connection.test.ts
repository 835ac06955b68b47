import assert from 'node:assert/strict';
import { type Duplex, duplexPair } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { isBoxError } from '../../../errors.ts';
import { anyBytes, cut, cuts } from '../../../testing/cut.ts';
import { synStream } from '../../../testing/spdy-client.ts';
import { MAX_STREAMS, type OpenedStream, SpdyConnection } from './connection.ts';
import { FrameReader } from './frame-reader.ts';
import { dataHeader, type Frame, ping, rstStream } from './frames.ts';
import { formatHeaderBlock } from './header-block.ts';
import { HeaderDeflater } from './header-compression.ts';

/** A client's frames, in the order in which they must be sent: header blocks are one compressed stream. */
class Frames {
  readonly #deflater = new HeaderDeflater();

  open(id: number): Buffer {
    return synStream(id, false, this.#deflater.deflate(formatHeaderBlock(new Map([['streamtype', 'data']]))));
  }
}

const data = (id: number, bytes: Buffer, fin = false): Buffer =>
  Buffer.concat([dataHeader(id, bytes.length, fin), bytes]);

/** Both ends, and what `run` came to. */
function connected(accept: (opened: OpenedStream) => boolean): {
  readonly client: Duplex;
  readonly connection: SpdyConnection;
  readonly ran: Promise<unknown>;
} {
  const [server, client] = duplexPair();
  client.on('error', () => undefined);
  const connection = new SpdyConnection(server, accept);
  const ran = connection.run().then(
    () => undefined,
    (error: unknown) => error,
  );
  return { client, connection, ran };
}

/** Lets everything happen that can happen without more input. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await setImmediate();
}

function framesIn(bytes: Buffer): readonly Frame[] {
  return [...new FrameReader().push(bytes)];
}

describe('SpdyConnection', () => {
  it('ends, with a clear error or none, whatever a client sends before it leaves', async () => {
    const piece = fc.oneof(
      anyBytes(60),
      fc.integer({ min: 0, max: 9 }).map((id) => ({ open: id })),
      fc
        .tuple(fc.integer({ min: 0, max: 9 }), anyBytes(30), fc.boolean())
        .map(([id, bytes, fin]) => data(id, bytes, fin)),
      fc.integer({ min: 0, max: 9 }).map((id) => rstStream(id, 5)),
      fc.integer({ min: 0, max: 9 }).map((id) => ping(id)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), cuts, async (pieces, lengths) => {
        const { client, connection, ran } = connected(({ stream }) => {
          stream.resume();
          return true;
        });
        const frames = new Frames();
        const wire = Buffer.concat(pieces.map((piece) => (Buffer.isBuffer(piece) ? piece : frames.open(piece.open))));
        for (const bytes of cut(wire, lengths)) client.write(bytes);
        client.end();
        client.resume();
        const error = await ran;
        assert.ok(error === undefined || isBoxError(error, 'INVALID_REQUEST'), String(error));
        assert.equal(connection.gone.aborted, true);
      }),
      { numRuns: 200 },
    );
  });

  it('does not read on while a stream is not read, however small the pieces', async () => {
    let opened: OpenedStream | undefined;
    const { client, ran } = connected((stream) => {
      opened = stream;
      return true;
    });
    client.resume();
    client.write(new Frames().open(1));
    for (let i = 0; i < 2_000; i += 1) client.write(data(1, Buffer.of(i & 0xff)));
    client.write(dataHeader(1, 0, true));
    await settle();
    assert.equal(opened?.stream.readableLength, 1);
    const got = await buffer(opened.stream);
    assert.deepEqual(got, Buffer.from(Array.from({ length: 2_000 }, (_, i) => i & 0xff)));
    client.destroy();
    await ran;
  });

  it('does not read on while its answers are not read', async () => {
    const { client, ran } = connected(() => true);
    const pings = 20_000;
    for (let i = 0; i < pings; i += 1) client.write(ping(2 * i + 1));
    await settle();
    assert.ok(client.writableLength > pings, `${client.writableLength} bytes are left`);
    client.end();
    assert.equal(framesIn(await buffer(client)).length, pings);
    assert.equal(await ran, undefined);
  });

  it('lets streams write as fast as the client reads', async () => {
    let opened: OpenedStream | undefined;
    const { client, ran } = connected((stream) => {
      opened = stream;
      return true;
    });
    client.write(new Frames().open(1));
    await settle();
    const block = Buffer.alloc(16 * 1024);
    let written = 0;
    for (let i = 0; i < 100; i += 1) opened?.stream.write(block, () => (written += block.length));
    await settle();
    assert.ok(written < 1_000_000, `${written} bytes are on their way to a client that does not read`);
    opened?.stream.end();
    opened?.stream.once('finish', () => client.end());
    const frames = framesIn(await buffer(client));
    const sizes = frames.map((frame) => (frame.kind === 'data' ? frame.bytes.length : 0));
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      100 * block.length,
    );
    assert.equal(await ran, undefined);
  });

  it(`takes ${MAX_STREAMS} streams, and more when some have ended`, async () => {
    const accepted: OpenedStream[] = [];
    const { client, ran } = connected((opened) => {
      accepted.push(opened);
      return true;
    });
    const answers = buffer(client);
    const frames = new Frames();
    for (let i = 0; i <= MAX_STREAMS; i += 1) client.write(frames.open(2 * i + 1));
    await settle();
    client.write(rstStream(1, 5));
    client.write(frames.open(2 * MAX_STREAMS + 3));
    client.end();
    assert.equal(await ran, undefined);
    assert.equal(accepted.length, MAX_STREAMS + 1);
    const refused = framesIn(await answers).filter(({ kind }) => kind === 'reset');
    assert.deepEqual(refused, [{ kind: 'reset', streamId: 2 * MAX_STREAMS + 1 }]);
  });

  it('refuses stream ids that do not grow', async () => {
    for (const id of [2, 1]) {
      const { client, ran } = connected(() => true);
      client.resume();
      const frames = new Frames();
      client.write(frames.open(1));
      client.write(frames.open(id));
      assert.match(String(await ran), new RegExp(`stream ${id} was opened after stream 1`));
    }
  });

  it('closes every stream when the client is gone', async () => {
    const accepted: OpenedStream[] = [];
    const { client, connection, ran } = connected((opened) => {
      accepted.push(opened);
      return true;
    });
    client.resume();
    const frames = new Frames();
    for (const id of [1, 3, 5]) client.write(frames.open(id));
    await settle();
    client.destroy();
    await ran;
    assert.equal(connection.gone.aborted, true);
    assert.deepEqual(
      accepted.map(({ stream }) => stream.destroyed),
      [true, true, true],
    );
  });
});
