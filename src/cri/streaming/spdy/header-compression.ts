/**
 * Compression of header blocks: one zlib stream per connection and direction, primed with SPDY's dictionary and flushed to a
 * byte boundary after each block (SPDY/3 draft, section 2.6.10.1).
 *
 * So every block is a run of complete deflate blocks, whose only link to those before it is the last 32 KiB of text. That
 * text is all the state there is: each block is one synchronous call with a limit on its result, and nothing to close.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { BoxError } from '../../../errors.ts';
import { SPDY_DICTIONARY } from './dictionary.ts';

/** How far deflate refers back. */
const WINDOW = 32 * 1024;
/** A header block is a few dozen bytes; what unpacks to more is an attack. */
export const MAX_HEADER_BLOCK = 64 * 1024;
/** RFC 1950: two bytes of header, then the dictionary's checksum. */
const ZLIB_PREFIX = 6;
const DEFLATE = 8;
const HAS_DICTIONARY = 0x20;

/** INVARIANT: `#window` is the end of the dictionary and of all text so far. Of no use after an error. */
export class HeaderInflater {
  #window = SPDY_DICTIONARY;
  #started = false;

  /** The text of the next block; INVALID_REQUEST if it is no zlib or unpacks to more than MAX_HEADER_BLOCK. */
  inflate(compressed: Buffer): Buffer {
    const deflated = this.#started ? compressed : withoutPrefix(compressed);
    this.#started = true;
    const text = inflateBlock(deflated, this.#window);
    this.#window = Buffer.concat([this.#window, text]).subarray(-WINDOW);
    return text;
  }
}

function withoutPrefix(compressed: Buffer): Buffer {
  const [method = 0, flags = 0] = compressed;
  const usable = (method & 0x0f) === DEFLATE && (method * 256 + flags) % 31 === 0 && (flags & HAS_DICTIONARY) !== 0;
  const dictionary = compressed.length >= ZLIB_PREFIX ? compressed.readUInt32BE(2) : 0;
  if (!usable || dictionary !== adler32(SPDY_DICTIONARY)) {
    throw new BoxError('INVALID_REQUEST', "spdy: headers are not compressed with SPDY/3's dictionary");
  }
  return compressed.subarray(ZLIB_PREFIX);
}

function inflateBlock(deflated: Buffer, window: Buffer): Buffer {
  try {
    return inflateRawSync(deflated, {
      dictionary: window,
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: MAX_HEADER_BLOCK,
    });
  } catch (cause) {
    throw new BoxError('INVALID_REQUEST', 'spdy: a header block cannot be decompressed, or is too large', { cause });
  }
}

/** A compressor that never refers back, which every decompressor takes. */
export class HeaderDeflater {
  #started = false;

  deflate(text: Buffer): Buffer {
    const deflated = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
    if (this.#started) return deflated;
    this.#started = true;
    return Buffer.concat([zlibPrefix(), deflated]);
  }
}

function zlibPrefix(): Buffer {
  const prefix = Buffer.alloc(ZLIB_PREFIX);
  // 0x78: deflate with a window of 32 KiB; the flags' low bits make the two a multiple of 31
  prefix.writeUInt16BE(0x7800 + HAS_DICTIONARY + (31 - ((0x7800 + HAS_DICTIONARY) % 31)));
  prefix.writeUInt32BE(adler32(SPDY_DICTIONARY), 2);
  return prefix;
}

/** RFC 1950, section 9. */
function adler32(bytes: Buffer): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return high * 65_536 + low;
}
