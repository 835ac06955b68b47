import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { OutputStream, WINDOW_BYTES } from './output-stream.ts';

const CHUNK = Buffer.alloc(32 * 1024, 'x');

function stream(): { readonly output: OutputStream; readonly taken: () => number } {
  let taken = 0;
  const output = new OutputStream((bytes) => {
    taken += bytes;
  });
  return { output, taken: () => taken };
}

describe('OutputStream', () => {
  it('takes no more than its reader and its window, and says so', async () => {
    const { output, taken } = stream();
    let delivered = 0;
    while (output.deliver(CHUNK)) delivered += CHUNK.length;
    await turn();
    assert.equal(taken(), 0);
    assert.equal(delivered, WINDOW_BYTES);
    output.read(0);
    await turn();
    // what is taken is ready to be read, and no more than that
    assert.ok(taken() > 0 && taken() < WINDOW_BYTES, String(taken()));
    assert.equal(output.readableLength, taken());
  });

  it('takes everything once it is read', async () => {
    const { output, taken } = stream();
    output.resume();
    for (let index = 0; index < 100; index++) {
      assert.ok(output.deliver(CHUNK));
      await turn();
    }
    assert.equal(taken(), 100 * CHUNK.length);
  });

  it('gives every byte once, in order, then the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 4096 }), { maxLength: 20 }), async (pieces) => {
        const { output } = stream();
        const seen: Buffer[] = [];
        const read = (async () => {
          for await (const data of output) seen.push(data as Buffer);
        })();
        for (const piece of pieces) {
          assert.ok(output.deliver(Buffer.from(piece)));
          if (piece.length % 2 === 0) await turn();
        }
        output.finish();
        await read;
        assert.deepEqual(Buffer.concat(seen), Buffer.concat(pieces));
      }),
      { numRuns: 50 },
    );
  });

  it('drops what comes for a reader that has left, and goes on taking it', () => {
    const { output, taken } = stream();
    assert.ok(output.deliver(CHUNK));
    output.destroy();
    for (let index = 0; index < 10; index++) assert.ok(output.deliver(CHUNK));
    assert.equal(taken(), 11 * CHUNK.length);
  });
});
