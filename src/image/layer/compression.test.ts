import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { isBoxError } from '../../errors.ts';
import { decompress, detectCompression } from './compression.ts';

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function run(bytes: Buffer, chunkSize = 64 << 10): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of decompress(chunked(bytes, chunkSize))) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

function skippable(size: number): Buffer {
  const frame = Buffer.alloc(8 + size, 0x28);
  frame.writeUInt32LE(0x184d2a53, 0);
  frame.writeUInt32LE(size, 4);
  return frame;
}

const text = Buffer.from('layer '.repeat(200_000));
const noise = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * index * 31) % 253));
const unchecked = zstdCompressSync(text);

describe('decompression', () => {
  const good: readonly (readonly [name: string, bytes: Buffer, expected: Buffer])[] = [
    ['plain', text, text],
    ['empty', Buffer.alloc(0), Buffer.alloc(0)],
    ['gzip', gzipSync(text), text],
    [
      'gzip, several members',
      Buffer.concat([gzipSync(text), gzipSync(Buffer.alloc(0)), gzipSync(noise)]),
      Buffer.concat([text, noise]),
    ],
    ['zstd', zstdCompressSync(noise), noise],
    [
      'zstd, several frames',
      Buffer.concat([zstdCompressSync(text), zstdCompressSync(noise), zstdCompressSync(Buffer.alloc(0))]),
      Buffer.concat([text, noise]),
    ],
    [
      'zstd, skippable frames all over',
      Buffer.concat([
        skippable(9),
        zstdCompressSync(text),
        skippable(0),
        skippable(100_000),
        zstdCompressSync(noise),
        skippable(3),
      ]),
      Buffer.concat([text, noise]),
    ],
    ['zstd, run-length blocks', zstdCompressSync(Buffer.alloc(1 << 20, 7)), Buffer.alloc(1 << 20, 7)],
  ];
  for (const [name, bytes, expected] of good) {
    test(name, async () => {
      for (const size of [bytes.length + 1, 4096, 7]) {
        if (size === 7 && bytes.length > 200_000) continue;
        assert.ok((await run(bytes, size)).equals(expected), `chunks of ${size}`);
      }
    });
  }

  const bad: readonly (readonly [name: string, bytes: Buffer, message: RegExp])[] = [
    ['gzip, truncated', gzipSync(noise).subarray(0, 1000), /not valid gzip: unexpected end of file/],
    [
      'gzip, damaged',
      Buffer.concat([gzipSync(noise).subarray(0, 500), Buffer.alloc(50, 0xff), gzipSync(noise).subarray(550)]),
      /not valid gzip/,
    ],
    [
      'gzip, something behind it',
      Buffer.concat([gzipSync(text), Buffer.from('tail')]),
      /not valid gzip: incorrect header check/,
    ],
    [
      'gzip, much behind it',
      Buffer.concat([gzipSync(text), Buffer.alloc(3 << 20)]),
      /data after the end of its gzip stream/,
    ],
    ['zstd, truncated in a block', unchecked.subarray(0, unchecked.length - 1), /not valid zstd: it is truncated/],
    ['zstd, truncated in a header', unchecked.subarray(0, 5), /not valid zstd: it is truncated/],
    [
      'zstd, something behind it',
      Buffer.concat([unchecked, Buffer.from('tail')]),
      /not valid zstd: data that is no frame/,
    ],
    [
      'zstd, damaged',
      Buffer.concat([
        zstdCompressSync(noise).subarray(0, 200),
        Buffer.alloc(100, 0xee),
        zstdCompressSync(noise).subarray(300),
      ]),
      /not valid zstd/,
    ],
  ];
  for (const [name, bytes, message] of bad) {
    test(name, async () => {
      await assert.rejects(run(bytes), (error) => isBoxError(error, 'LAYER_INVALID') && message.test(error.message));
    });
  }

  test('random damage never hangs and never is another kind of error', async () => {
    const sources = [
      gzipSync(noise),
      zstdCompressSync(noise),
      Buffer.concat([zstdCompressSync(text), skippable(5), zstdCompressSync(noise)]),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sources),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.boolean(),
        async (source, where, value, cut) => {
          const at = where % source.length;
          const bytes = Buffer.from(cut ? source.subarray(0, at) : source);
          if (!cut) bytes.writeUInt8(value, at);
          try {
            await run(bytes);
          } catch (error) {
            assert.ok(isBoxError(error, 'LAYER_INVALID'), String(error));
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('what is no magic number is a tar', () => {
    assert.deepEqual(
      [
        Buffer.from('1f8b', 'hex'),
        Buffer.from('28b52ffd', 'hex'),
        Buffer.from('5a2a4d18', 'hex'),
        Buffer.from('28b52f', 'hex'),
        Buffer.alloc(4),
      ].map(detectCompression),
      ['gzip', 'zstd', 'zstd', 'none', 'none'],
    );
  });
});
