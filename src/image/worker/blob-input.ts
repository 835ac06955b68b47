/**
 * The blob's bytes out of stdin, hashed as they pass. stdin carries one blob after the other, so it is never read past the end
 * of the current one and never closed here.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** INVARIANT: `#left` bytes of this blob have not been taken from the stream; `#hash` has seen all the others. */
export class BlobInput {
  readonly #stream: Readable;
  readonly #hash = createHash('sha256');
  #left: number;

  constructor(stream: Readable, size: number) {
    this.#stream = stream;
    this.#left = size;
  }

  /** Yields what has not been read yet; may be called again after a consumer gave up. */
  async *chunks(): AsyncGenerator<Buffer> {
    while (this.#left > 0) {
      const chunk = await this.#next();
      this.#left -= chunk.length;
      this.#hash.update(chunk);
      yield chunk;
    }
  }

  /** Reads and hashes the rest; returns the digest of the whole blob as `sha256:<hex>`. */
  async digest(): Promise<string> {
    for await (const chunk of this.chunks()) void chunk;
    return `sha256:${this.#hash.digest('hex')}`;
  }

  async #readableOrEnd(): Promise<void> {
    const settled = new AbortController();
    const { signal } = settled;
    try {
      await Promise.race([once(this.#stream, 'readable', { signal }), once(this.#stream, 'end', { signal })]);
    } finally {
      // Takes the other listener away.
      settled.abort();
    }
  }

  async #next(): Promise<Buffer> {
    for (;;) {
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk !== null) {
        if (chunk.length > this.#left)
          throw new Error(`stdin holds ${chunk.length - this.#left} bytes more than the blob`);
        return chunk;
      }
      if (this.#stream.readableEnded) throw new Error('stdin ended within the blob');
      await this.#readableOrEnd();
    }
  }
}
