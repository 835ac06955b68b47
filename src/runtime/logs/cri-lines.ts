/** Container output → CRI log lines: `<RFC3339Nano> <stdout|stderr> <F|P> <content>\n` (kubernetes/design: CRI logging). Pure. */

/** containerd's max_container_log_line_size: longer lines become pieces tagged P, the last one F. */
const MAX_LINE_BYTES = 16 * 1024;
const NEWLINE = 0x0a;
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

  /** Takes bytes that were read at `timeNs`; returns the finished lines. */
  push(data: Buffer, timeNs: bigint): Buffer[] {
    if (this.#pending.length === 0) this.#pendingTime = timeNs;
    let rest = this.#pending.length === 0 ? data : Buffer.concat([this.#pending, data]);
    const lines: Buffer[] = [];
    while (rest.length > 0) {
      const end = rest.subarray(0, MAX_LINE_BYTES + 1).indexOf(NEWLINE);
      if (end >= 0) {
        lines.push(this.#line('F', rest.subarray(0, end), this.#pendingTime));
        this.#consumed += BigInt(end + 1);
        rest = rest.subarray(end + 1);
      } else if (rest.length > MAX_LINE_BYTES) {
        lines.push(this.#line('P', rest.subarray(0, MAX_LINE_BYTES), this.#pendingTime));
        this.#consumed += BigInt(MAX_LINE_BYTES);
        rest = rest.subarray(MAX_LINE_BYTES);
      } else break;
      this.#pendingTime = timeNs;
    }
    // a copy: the chunk's memory must not be kept for its tail
    this.#pending = Buffer.from(rest);
    return lines;
  }

  /** The stream has ended: what is left came without a newline and is written as a last piece. */
  end(): Buffer[] {
    if (this.#pending.length === 0) return [];
    const line = this.#line('P', this.#pending, this.#pendingTime);
    this.#consumed += BigInt(this.#pending.length);
    this.#pending = Buffer.alloc(0);
    return [line];
  }

  #line(tag: 'F' | 'P', content: Buffer, timeNs: bigint): Buffer {
    return Buffer.concat([Buffer.from(`${rfc3339Nano(timeNs)} ${this.#stream} ${tag} `), content, Buffer.of(NEWLINE)]);
  }
}

/** Nanoseconds since the epoch with all nine digits, in UTC (RFC 3339). */
export function rfc3339Nano(timeNs: bigint): string {
  const seconds = new Date(Number(timeNs / NANOS_PER_MILLI)).toISOString().slice(0, 19);
  return `${seconds}.${(timeNs % NANOS_PER_SECOND).toString().padStart(9, '0')}Z`;
}
