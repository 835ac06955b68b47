/** Collects two streams up to a common number of bytes; what comes beyond is counted and dropped. */
export class CappedOutput {
  readonly #kept = { stdout: new Blocks(), stderr: new Blocks() };
  #room: number;

  constructor(cap: number) {
    this.#room = cap;
  }

  add(stream: 'stdout' | 'stderr', data: Buffer): void {
    const length = Math.min(data.length, this.#room);
    this.#room -= length;
    this.#kept[stream].add(data, length);
  }

  stdout(): Buffer {
    return this.#kept.stdout.joined();
  }

  stderr(): Buffer {
    return this.#kept.stderr.joined();
  }
}

const BLOCK_BYTES = 64 * 1024;

/**
 * Bytes in blocks of one size, because every Buffer costs a hundred bytes besides its own: a process that writes byte by byte would
 * have the daemon hold a hundred times what it has written.
 *
 * INVARIANT: all blocks but the last are full; nothing of what was added is referred to.
 */
class Blocks {
  readonly #blocks: Buffer[] = [];
  #length = 0;

  /** The first `length` bytes of `data`. */
  add(data: Buffer, length: number): void {
    for (let from = 0; from < length; ) {
      const copied = data.copy(this.#open(), this.#length % BLOCK_BYTES, from, length);
      this.#length += copied;
      from += copied;
    }
  }

  /** The block that the next byte goes to. */
  #open(): Buffer {
    const last = this.#blocks.at(-1);
    if (last !== undefined && this.#length < this.#blocks.length * BLOCK_BYTES) return last;
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#blocks.push(block);
    return block;
  }

  joined(): Buffer {
    return Buffer.concat(this.#blocks, this.#length);
  }
}
