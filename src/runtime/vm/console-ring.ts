/** The last 64 KiB of what a VM's kernel and guest-init printed, read from a FIFO the shim writes to. */
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { errnoOf } from '../../errors.ts';

const RING_BYTES = 64 * 1024;
/** How much of the tail an error quotes. */
const QUOTED_LINES = 12;
const QUOTED_BYTES = 2048;

/**
 * INVARIANT: only the shim (and nothing of the daemon) holds the FIFO's write end once the shim runs, so the end of the
 * FIFO is the end of the shim, also for a shim that is not the daemon's child.
 */
export class ConsoleRing {
  readonly #socket: Socket;
  /** Resolves when the last writer is gone. */
  readonly ended: Promise<void>;
  #chunks: Buffer[] = [];
  #bytes = 0;

  private constructor(fd: number) {
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.ended = new Promise((resolve) => this.#socket.once('close', () => resolve()));
    this.#socket.on('data', (chunk: Buffer) => this.#keep(chunk));
    // an error is followed by 'close', which is all that matters here
    this.#socket.on('error', () => undefined);
    this.#socket.unref();
  }

  /**
   * Starts reading the FIFO. Open it before the writer does (`openConsole`), or, when a running shim is taken up again
   * (`openConsoleOf`), at any time: without a writer it ends at once.
   */
  static read(fd: number): ConsoleRing {
    return new ConsoleRing(fd);
  }

  /** The last lines, made printable, for error messages. */
  tail(): string {
    const text = Buffer.concat(this.#chunks).subarray(-QUOTED_BYTES).toString('utf8');
    return printable(
      text
        .split(/\r?\n/)
        .filter((line) => line.trim() !== '')
        .slice(-QUOTED_LINES)
        .join(' | '),
    );
  }

  /** The tail as a reason or an error quotes it. */
  lastWords(): string {
    const tail = this.tail();
    return tail === '' ? 'its console is empty' : `console: ${tail}`;
  }

  close(): void {
    this.#socket.destroy();
  }

  #keep(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (
      let first = this.#chunks[0];
      first !== undefined && this.#bytes - first.length >= RING_BYTES;
      first = this.#chunks[0]
    ) {
      this.#chunks.shift();
      this.#bytes -= first.length;
    }
  }
}

/** Opens the read end of an existing FIFO without waiting for a writer; the caller owns the descriptor. */
export function openConsole(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** The same of a process that writes to it, whatever became of its name; undefined if the process is ending. */
export function openConsoleOf(pid: number): number | undefined {
  try {
    return openConsole(`/proc/${pid}/fd/1`);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

/** Opens the write end, to be handed to the shim; a reader is there already, so this does not block. */
export function openConsoleWriter(path: string): number {
  return openSync(path, constants.O_WRONLY);
}

/** Console bytes are the guest's: control characters never reach a log or a terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
