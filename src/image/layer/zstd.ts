/**
 * zstd for layers. Node 24's decompressor stops silently after the first frame (nodejs/node#64741) and gives nothing for a
 * leading skippable one, so the input is cut at frame ends here (RFC 8878 §3.1) and skippable frames are dropped: zstd:chunked
 * layers consist of both.
 */
import { createZstdDecompress, zstdDecompressSync } from 'node:zlib';
import { BoxError } from '../../errors.ts';
import { INFLATE_CHUNK_BYTES, inflateThrough } from './inflate.ts';

const SMALL_FRAME_BYTES = 64 << 10;
const SMALL_CONTENT_BYTES = 4 << 20;
const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

/**
 * A cursor over byte chunks.
 * INVARIANT: `#chunk` from `#at` on is what has been read from the input but not taken.
 */
class ChunkCursor {
  readonly #iterator: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(input: AsyncIterable<Buffer>) {
    this.#iterator = input[Symbol.asyncIterator]();
  }

  /** True if there is nothing more. */
  async atEnd(): Promise<boolean> {
    while (this.#at === this.#chunk.length) {
      const next = await this.#iterator.next();
      if (next.done === true) return true;
      this.#chunk = next.value;
      this.#at = 0;
    }
    return false;
  }

  /** The next bytes, at least one and at most `limit`, as they lie in the chunk. */
  async some(limit: number): Promise<Buffer> {
    if (await this.atEnd()) throw new BoxError('LAYER_INVALID', 'layer is not valid zstd: it is truncated');
    const part = this.#chunk.subarray(this.#at, this.#at + limit);
    this.#at += part.length;
    return part;
  }

  async exactly(count: number): Promise<Buffer> {
    const first = await this.some(count);
    if (first.length === count) return first;
    const parts = [first];
    for (let have = first.length; have < count; ) {
      const part = await this.some(count - have);
      parts.push(part);
      have += part.length;
    }
    return Buffer.concat(parts, count);
  }

  /** Yields the next `count` bytes without joining them. */
  async *bytes(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      const part = await this.some(left);
      left -= part.length;
      yield part;
    }
  }
}

/** Decompresses every frame of a zstd stream in turn. */
export async function* unzstd(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const cursor = new ChunkCursor(input);
  while (!(await cursor.atEnd())) {
    const magic = await cursor.exactly(4);
    const value = magic.readUInt32LE(0);
    if ((value & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      const size = (await cursor.exactly(4)).readUInt32LE(0);
      for await (const part of cursor.bytes(size)) void part;
    } else if (value === FRAME_MAGIC) {
      yield* decompressFrame(cursor, magic);
    } else {
      throw new BoxError('LAYER_INVALID', 'layer is not valid zstd: data that is no frame');
    }
  }
}

/** A small frame is decompressed in one call: zstd:chunked layers have one for each file, and a stream for each costs 0.3 ms. */
async function* decompressFrame(cursor: ChunkCursor, magic: Buffer): AsyncGenerator<Buffer> {
  const frame = frameBytes(cursor, magic);
  const head: Buffer[] = [];
  let size = 0;
  let isWhole = false;
  while (size < SMALL_FRAME_BYTES && !isWhole) {
    const next = await frame.next();
    isWhole = next.done === true;
    if (next.done !== true) {
      // A copy: the piece lies in a chunk of the input that may be reused.
      head.push(Buffer.from(next.value));
      size += next.value.length;
    }
  }
  const bytes = Buffer.concat(head, size);
  const small = isWhole ? decompressSmall(bytes) : undefined;
  if (small !== undefined) {
    if (small.length > 0) yield small;
    return;
  }
  const stream = createZstdDecompress({ chunkSize: INFLATE_CHUNK_BYTES });
  yield* inflateThrough(stream, followedBy(bytes, frame), () => stream.bytesWritten, 'zstd');
}

/** The whole content, or undefined if it is too much for one call or damaged (the stream then says how). */
function decompressSmall(frame: Buffer): Buffer | undefined {
  try {
    return zstdDecompressSync(frame, { maxOutputLength: SMALL_CONTENT_BYTES, chunkSize: SMALL_FRAME_BYTES });
  } catch (error) {
    void error;
    return undefined;
  }
}

async function* followedBy(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

/** Exactly one frame's bytes: header, blocks up to the one marked last, checksum if the header says so. */
async function* frameBytes(cursor: ChunkCursor, magic: Buffer): AsyncGenerator<Buffer> {
  const descriptorBytes = await cursor.exactly(1);
  const descriptor = descriptorBytes.readUInt8(0);
  yield Buffer.concat([magic, descriptorBytes, await cursor.exactly(headerRest(descriptor))]);
  for (let last = false; !last; ) {
    const header = await cursor.exactly(3);
    const bits = header.readUIntLE(0, 3);
    last = (bits & 1) === 1;
    const type = (bits >> 1) & 3;
    if (type === 3) throw new BoxError('LAYER_INVALID', 'layer is not valid zstd: reserved block type');
    yield header;
    // An RLE block (type 1) stores one byte whatever its size says.
    yield* cursor.bytes(type === 1 ? 1 : bits >> 3);
  }
  if ((descriptor & 4) !== 0) yield cursor.exactly(4);
}

/** Bytes of the frame header after its descriptor: window, dictionary id, content size (RFC 8878 §3.1.1.1). */
function headerRest(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const flag = descriptor >> 6;
  const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][flag] ?? 0;
  return (singleSegment ? 0 : 1) + dictionary + contentSize;
}
