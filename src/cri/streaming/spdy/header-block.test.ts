import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, createInflate, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { isBoxError } from '../../../errors.ts';
import { anyBytes } from '../../../testing/cut.ts';
import { StatefulCompressor } from '../../../testing/spdy-client.ts';
import { SPDY_DICTIONARY } from './dictionary.ts';
import { formatHeaderBlock, parseHeaderBlock } from './header-block.ts';
import { HeaderDeflater, HeaderInflater, MAX_HEADER_BLOCK } from './header-compression.ts';

const name = fc.stringMatching(/^[a-z-]{1,20}$/);
const value = fc.stringMatching(/^[ -~]{0,60}$/);
const headers = fc.dictionary(name, value, { maxKeys: 10 }).map((pairs) => new Map(Object.entries(pairs)));

function onlyBoxError(act: () => void): void {
  try {
    act();
  } catch (error) {
    assert.ok(isBoxError(error, 'INVALID_REQUEST'), String(error));
  }
}

describe('header blocks', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(headers, (sent) => {
        assert.deepEqual(parseHeaderBlock(formatHeaderBlock(sent)), sent);
      }),
    );
  });

  it('are refused if they are not exactly what they announce', () => {
    fc.assert(fc.property(anyBytes(300), (garbage) => onlyBoxError(() => parseHeaderBlock(garbage))));
    const twice = Buffer.concat([formatHeaderBlock(new Map([['a', '1']])), Buffer.alloc(1)]);
    assert.throws(() => parseHeaderBlock(twice), /1 bytes too many/);
    const many = Buffer.alloc(4);
    many.writeUInt32BE(1_000_000);
    assert.throws(() => parseHeaderBlock(many), /1000000 headers/);
  });

  it('come out of the compression of a client that keeps its state, one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(headers, { maxLength: 20 }), async (all) => {
        const compressor = new StatefulCompressor();
        const inflater = new HeaderInflater();
        for (const sent of all) {
          const compressed = await compressor.compress(formatHeaderBlock(sent));
          assert.deepEqual(parseHeaderBlock(inflater.inflate(compressed)), sent);
        }
        compressor.close();
      }),
      { numRuns: 50 },
    );
  });

  it('go on beyond the window of 32 KiB', async () => {
    const compressor = new StatefulCompressor();
    const inflater = new HeaderInflater();
    for (let i = 0; i < 100; i += 1) {
      const sent = new Map([
        ['streamtype', 'data'],
        ['requestid', `${i} ${'x'.repeat(1000)}`],
      ]);
      assert.deepEqual(parseHeaderBlock(inflater.inflate(await compressor.compress(formatHeaderBlock(sent)))), sent);
    }
    compressor.close();
  });

  it('are decompressed by a client with one zlib stream', async () => {
    const deflater = new HeaderDeflater();
    const inflate = createInflate({ dictionary: SPDY_DICTIONARY });
    for (const sent of [new Map(), new Map([['a', 'b']]), new Map()]) {
      inflate.write(deflater.deflate(formatHeaderBlock(sent)));
      await new Promise<void>((resolve) => inflate.flush(constants.Z_SYNC_FLUSH, resolve));
      assert.deepEqual(parseHeaderBlock(inflate.read() as Buffer), sent);
    }
    inflate.close();
  });

  it('are refused, whatever else comes', () => {
    fc.assert(
      fc.property(fc.array(anyBytes(300), { maxLength: 3 }), (blocks) => {
        const inflater = new HeaderInflater();
        onlyBoxError(() => {
          for (const block of blocks) assert.ok(inflater.inflate(block).length <= MAX_HEADER_BLOCK);
        });
      }),
    );
  });

  it('are refused if they unpack to too much', () => {
    const inflater = new HeaderInflater();
    inflater.inflate(new HeaderDeflater().deflate(formatHeaderBlock(new Map())));
    const bomb = deflateRawSync(Buffer.alloc(16 * MAX_HEADER_BLOCK), { finishFlush: constants.Z_SYNC_FLUSH });
    assert.ok(bomb.length < 4096);
    assert.throws(() => inflater.inflate(bomb), /too large/);
  });
});
