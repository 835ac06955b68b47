/**
 * Streams between a caller and something inside a pod: a process (exec, attach) or a port.
 *
 * INVARIANT: back-pressure goes through: what the reader does not take is not read from the guest, and nothing between them
 * buffers without bound.
 */
import type { Readable, Writable } from 'node:stream';

export interface TerminalSize {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** Which streams of a process the caller wants. A terminal has no stderr of its own. */
export interface StreamRequest {
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

export interface ProcessStreams {
  /** Present if asked for; ending it closes the process's stdin (with a terminal: it sends nothing more). */
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
  /** Ignored without a terminal. */
  resize(size: TerminalSize): void;
  /**
   * The process's exit code, after stdout and stderr have got their last byte (not necessarily been read to the end).
   * Rejects with a BoxError if the code will never be known: the VM ended, the daemon is stopping, the client was too slow.
   */
  readonly exited: Promise<number>;
  /** Gives up: an exec'd process is killed with its group, an attached one runs on. Repeatable. */
  close(): void;
}
