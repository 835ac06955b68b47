/**
 * Turns a layer blob's bytes into tar bytes. The compression is read from the first bytes, as containerd does: registries
 * hold layers whose media type names another one than they use.
 */
import { createGunzip } from 'node:zlib';
import { INFLATE_CHUNK_BYTES, inflateThrough } from './inflate.ts';
import { unzstd } from './zstd.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** By magic number: gzip (RFC 1952), zstd frame or skippable frame (RFC 8878), else a plain tar. Needs 4 bytes. */
export function detectCompression(head: Buffer): Compression {
  if (head.length >= 2 && head.readUInt16BE(0) === 0x1f8b) return 'gzip';
  if (head.length < 4) return 'none';
  const magic = head.readUInt32LE(0);
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? 'zstd' : 'none';
}

/** The tar bytes of a blob. @throws BoxError LAYER_INVALID for a damaged or truncated stream. */
export async function* decompress(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const iterator = input[Symbol.asyncIterator]();
  const head = await readHead(iterator);
  const rest = prepend(head, iterator);
  switch (detectCompression(head)) {
    case 'none':
      yield* rest;
      return;
    case 'gzip':
      yield* gunzip(rest);
      return;
    case 'zstd':
      yield* unzstd(rest);
      return;
  }
}

async function readHead(iterator: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 4) {
    const next = await iterator.next();
    if (next.done === true) return head;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return head;
}

async function* prepend(head: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}

/** All members of a gzip stream; anything behind them is an error, as for Go's reader. */
function gunzip(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const stream = createGunzip({ chunkSize: INFLATE_CHUNK_BYTES });
  return inflateThrough(stream, input, () => stream.bytesWritten, 'gzip');
}
