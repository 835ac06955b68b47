/** The last 64 KiB of what a VM's kernel and guest-init printed, read from a FIFO the shim writes to. */
import { constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { errnoOf } from '../../errors.ts';

const RING_BYTES = 64 * 1024;
/** How much of the tail an error quotes. */
const QUOTED_LINES = 12;
const QUOTED_BYTES = 2048;
/** What was printed so long before the daemon was killed is known to the next one. */
const SAVED_MS = 1000;

/**
 * INVARIANTS
 * - Only the shim (and nothing of the daemon) holds the FIFO's write end once the shim runs, so the end of the FIFO is the end of
 *   the shim, also for a shim that is not the daemon's child.
 * - A FIFO gives each byte once, so what an error may quote lies in `saved` too, for the next daemon: at most SAVED_MS old, and
 *   written no more often, however much a guest prints.
 */
export class ConsoleRing {
  readonly #socket: Socket;
  readonly #saved: string;
  /** Resolves when the last writer is gone. */
  readonly ended: Promise<void>;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #saving: NodeJS.Timeout | undefined;

  private constructor(fd: number, saved: string) {
    this.#saved = saved;
    const before = savedTail(saved);
    if (before.length > 0) this.#hold(before);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.ended = new Promise((resolve) => this.#socket.once('close', () => resolve()));
    this.#socket.on('data', (chunk: Buffer) => this.#keep(chunk));
    // an error is followed by 'close', which is all that matters here
    this.#socket.on('error', () => undefined);
    this.#socket.unref();
  }

  /**
   * Starts reading the FIFO. Open it before the writer does (`openConsole`), or, when a running shim is taken up again
   * (`openConsoleOf`), at any time: without a writer it ends at once. `saved` is the file with what an earlier daemon read.
   */
  static read(fd: number, saved: string): ConsoleRing {
    return new ConsoleRing(fd, saved);
  }

  /** The last lines, as a reason or an error quotes them. */
  lastWords(): string {
    return quoted(this.#tail());
  }

  close(): void {
    if (this.#saving !== undefined) this.#save();
    this.#socket.destroy();
  }

  #tail(): Buffer {
    return Buffer.concat(this.#chunks).subarray(-QUOTED_BYTES);
  }

  #keep(chunk: Buffer): void {
    this.#hold(chunk);
    this.#saving ??= setTimeout(() => this.#save(), SAVED_MS).unref();
  }

  #save(): void {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    try {
      writeFileSync(this.#saved, this.#tail(), { mode: 0o600 });
    } catch (error) {
      // its folder goes with the VM; and a full disk costs the next daemon some words of an explanation, this one nothing
      if (errnoOf(error) === undefined) throw error;
    }
  }

  #hold(chunk: Buffer): void {
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

/** What a VM that ended without a daemon had last printed while there was one, as a reason quotes it. */
export function savedWords(saved: string): string {
  return quoted(savedTail(saved));
}

function savedTail(saved: string): Buffer {
  try {
    return readFileSync(saved);
  } catch (error) {
    // of a VM whose console was never read, or that ended with its host; words that cannot be read keep nobody from its VM
    if (errnoOf(error) === undefined) throw error;
    return Buffer.alloc(0);
  }
}

function quoted(tail: Buffer): string {
  const lines = tail
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  if (lines.length === 0) return 'its console is empty';
  return `console: ${printable(lines.slice(-QUOTED_LINES).join(' | '))}`;
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
