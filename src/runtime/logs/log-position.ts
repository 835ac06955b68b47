/**
 * How far a container's output has been written, so that a restarted daemon asks the guest for exactly the rest.
 * The record is a hint from some time ago; what the file holds beyond it is counted, which makes the file itself the truth.
 */
import { z } from 'zod';
import type { StreamName } from './cri-lines.ts';

export const logPositionSchema = z.object({
  /** Size of the log file when the offsets below were true. */
  size: z.number().int().nonnegative(),
  stdout: z.string().regex(/^\d+$/),
  stderr: z.string().regex(/^\d+$/),
});
export type LogPosition = z.infer<typeof logPositionSchema>;

export const START: LogPosition = { size: 0, stdout: '0', stderr: '0' };

export interface CountedTail {
  readonly stdout: bigint;
  readonly stderr: bigint;
  /** Bytes of whole lines; a torn last line (the daemon died in its write) begins here. */
  readonly wholeBytes: number;
}

const NEWLINE = 0x0a;
/** `<time> <stream> <tag> `: 30 bytes of time at most, the rest is fixed. */
const HEADER = /^\S{20,35} (stdout|stderr) (F|P) /;
const HEADER_BYTES = 64;

/** Counts the stream bytes in whole CRI lines: a line tagged F stands for its content and a newline, P for its content. */
export function countContent(file: Buffer): CountedTail {
  const counted: Record<StreamName, bigint> = { stdout: 0n, stderr: 0n };
  let start = 0;
  for (let end = file.indexOf(NEWLINE); end >= 0; end = file.indexOf(NEWLINE, start)) {
    const header = HEADER.exec(file.subarray(start, Math.min(end, start + HEADER_BYTES)).toString('latin1'));
    if (header !== null) {
      const content = end - start - header[0].length + (header[2] === 'F' ? 1 : 0);
      counted[header[1] === 'stdout' ? 'stdout' : 'stderr'] += BigInt(content);
    }
    start = end + 1;
  }
  return { ...counted, wholeBytes: start };
}
