/** Container output → CRI log lines: `<RFC3339Nano> <stdout|stderr> <F|P> <content>\n` (kubernetes/design: CRI logging). Pure. */

/** containerd's max_container_log_line_size: longer lines become pieces tagged P, the last one F. */
const MAX_LINE_BYTES = 16 * 1024;
const NEWLINE = 0x0a;
const LINE_END = Buffer.of(NEWLINE);
const NANOS_PER_MILLI = 1_000_000n;
const NANOS_PER_SECOND = 1_000_000_000n;

export type StreamName = 'stdout' | 'stderr';

/**
 * Cuts one stream into lines.
 *
 * INVARIANT: `consumed` counts exactly the bytes of the stream that have come out as lines (a line's newline included),
 * so that a reader of the file can recompute it (`countContent` in log-position.ts).
 */
export class LineCutter {
  readonly #stream: StreamName;
  #pending: Buffer = Buffer.alloc(0);
  #pendingTime = 0n;
  #consumed: bigint;

  constructor(stream: StreamName, offset: bigint) {
    this.#stream = stream;
    this.#consumed = offset;
  }

  /** Offset of the first byte that has not come out yet. */
  get consumed(): bigint {
    return this.#consumed;
  }

  /** Offset of the next byte expected by `push`. */
  get received(): bigint {
    return this.#consumed + BigInt(this.#pending.length);
  }

  /** Leaves out the bytes up to `offset`, which will not come, and with them an unfinished line before them. */
  skipTo(offset: bigint): void {
    this.#pending = Buffer.alloc(0);
    this.#consumed = offset;
  }

  /** Takes bytes that were read at `timeNs`; returns the finished lines as the pieces to write, one after the other. */
  push(data: Buffer, timeNs: bigint): Buffer[] {
    if (this.#pending.length === 0) this.#pendingTime = timeNs;
    const bytes = this.#pending.length === 0 ? data : Buffer.concat([this.#pending, data]);
    const pieces: Buffer[] = [];
    const headers = new Headers(this.#stream, this.#pendingTime);
    let start = 0;
    let newline = bytes.indexOf(NEWLINE);
    while (start < bytes.length) {
      if (newline >= 0 && newline - start <= MAX_LINE_BYTES) {
        pieces.push(headers.full(), bytes.subarray(start, newline + 1));
        start = newline + 1;
        newline = bytes.indexOf(NEWLINE, start);
      } else if (bytes.length - start > MAX_LINE_BYTES) {
        pieces.push(headers.partial(), bytes.subarray(start, start + MAX_LINE_BYTES), LINE_END);
        start += MAX_LINE_BYTES;
      } else break;
      headers.at(timeNs);
      this.#pendingTime = timeNs;
    }
    this.#consumed += BigInt(start);
    // a copy: the chunk's memory must not be kept for its tail
    this.#pending = Buffer.from(bytes.subarray(start));
    return pieces;
  }

  /** The stream has ended: what is left came without a newline and is written as a last piece. */
  end(): Buffer[] {
    if (this.#pending.length === 0) return [];
    const pieces = [new Headers(this.#stream, this.#pendingTime).partial(), this.#pending, LINE_END];
    this.#consumed += BigInt(this.#pending.length);
    this.#pending = Buffer.alloc(0);
    return pieces;
  }
}

/** The beginnings of lines; all lines of one chunk share theirs, which matters at 100,000 lines a second. */
class Headers {
  readonly #stream: StreamName;
  #timeNs: bigint;
  #full: Buffer | undefined;
  #partial: Buffer | undefined;

  constructor(stream: StreamName, timeNs: bigint) {
    this.#stream = stream;
    this.#timeNs = timeNs;
  }

  at(timeNs: bigint): void {
    if (timeNs === this.#timeNs) return;
    this.#timeNs = timeNs;
    this.#full = undefined;
    this.#partial = undefined;
  }

  full(): Buffer {
    this.#full ??= this.#header('F');
    return this.#full;
  }

  partial(): Buffer {
    this.#partial ??= this.#header('P');
    return this.#partial;
  }

  #header(tag: 'F' | 'P'): Buffer {
    return Buffer.from(`${rfc3339Nano(this.#timeNs)} ${this.#stream} ${tag} `);
  }
}

/** Nanoseconds since the epoch with all nine digits, in UTC (RFC 3339). */
export function rfc3339Nano(timeNs: bigint): string {
  const seconds = new Date(Number(timeNs / NANOS_PER_MILLI)).toISOString().slice(0, 19);
  return `${seconds}.${(timeNs % NANOS_PER_SECOND).toString().padStart(9, '0')}Z`;
}
