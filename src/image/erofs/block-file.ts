/**
 * A file written front to back through a staging buffer, with positional writes.
 *
 * INVARIANT: bytes [0, #flushed) are in the file, the next `#used` bytes are in the staging buffer.
 */
import { writeSync } from 'node:fs';
import { BLOCK } from './format.ts';

const STAGING_BYTES = 1 << 20;

export class BlockFile {
  readonly #fd: number;
  readonly #staging = Buffer.allocUnsafe(STAGING_BYTES);
  #used = 0;
  #flushed = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get position(): number {
    return this.#flushed + this.#used;
  }

  write(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      const copied = bytes.copy(this.#staging, this.#used, at);
      at += copied;
      this.#used += copied;
      if (this.#used === STAGING_BYTES) this.flush();
    }
  }

  zeros(count: number): void {
    let left = count;
    while (left > 0) {
      const part = Math.min(left, STAGING_BYTES - this.#used);
      this.#staging.fill(0, this.#used, this.#used + part);
      this.#used += part;
      left -= part;
      if (this.#used === STAGING_BYTES) this.flush();
    }
  }

  /** Zeros up to the next block boundary. */
  alignToBlock(): void {
    this.zeros((BLOCK - (this.position % BLOCK)) % BLOCK);
  }

  flush(): void {
    this.writeAt(this.#staging.subarray(0, this.#used), this.#flushed);
    this.#flushed += this.#used;
    this.#used = 0;
  }

  /** Writes all of `bytes` at an absolute position, past the staging buffer. */
  writeAt(bytes: Buffer, position: number): void {
    let at = 0;
    while (at < bytes.length) at += writeSync(this.#fd, bytes, at, bytes.length - at, position + at);
  }
}
