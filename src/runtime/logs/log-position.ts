/**
 * How far a container's output has been written, so that a restarted daemon asks the guest for exactly the rest.
 * The record is a hint from some time ago; what the file holds beyond it is counted, which makes the file itself the truth.
 */
import { z } from 'zod';
import type { StreamName } from './cri-lines.ts';

export const logPositionSchema = z.object({
  /** Which file: `<device>:<inode>`, so that it is found again after a rotation; '' in records of earlier releases. */
  file: z.string().default(''),
  /** Size of the log file when the offsets below were true. */
  size: z.number().int().nonnegative(),
  stdout: z.string().regex(/^\d+$/),
  stderr: z.string().regex(/^\d+$/),
});
export type LogPosition = z.infer<typeof logPositionSchema>;

export const START: LogPosition = { file: '', size: 0, stdout: '0', stderr: '0' };

const NEWLINE = 0x0a;
/** `<time> <stream> <tag> `: 30 bytes of time at most, the rest is fixed. */
const HEADER = /^\S{20,35} (stdout|stderr) (F|P) /;
const HEADER_BYTES = 64;

/**
 * Counts the stream bytes in whole CRI lines: a line tagged F stands for its content and a newline, P for its content.
 *
 * INVARIANT: `wholeBytes` is where a torn last line (the daemon died in its write) would begin.
 */
export class LineCounter {
  readonly #counted: Record<StreamName, bigint> = { stdout: 0n, stderr: 0n };
  #rest: Buffer = Buffer.alloc(0);
  #wholeBytes = 0;

  get stdout(): bigint {
    return this.#counted.stdout;
  }

  get stderr(): bigint {
    return this.#counted.stderr;
  }

  get wholeBytes(): number {
    return this.#wholeBytes;
  }

  /** Takes the file's next bytes. */
  push(data: Buffer): void {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#line(bytes.subarray(start, end));
      start = end + 1;
    }
    this.#wholeBytes += start;
    this.#rest = Buffer.from(bytes.subarray(start));
  }

  #line(line: Buffer): void {
    const header = HEADER.exec(line.subarray(0, HEADER_BYTES).toString('latin1'));
    if (header === null) return;
    const content = line.length - header[0].length + (header[2] === 'F' ? 1 : 0);
    this.#counted[header[1] === 'stdout' ? 'stdout' : 'stderr'] += BigInt(content);
  }
}
