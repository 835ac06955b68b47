/**
 * What a plugin prints: its result on stdout, whole, and the end of its stderr.
 *
 * INVARIANT: of stdout either all that was read is kept, or `flooded` has fired.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { settlesWithin } from '../../time.ts';

export const STDOUT_LIMIT = 1024 * 1024;
const STDERR_KEPT = 4096;
/** A plugin that has ended has said what it has to say; what it has started may hold its pipes for ever. */
const HELD_LIMIT_MS = 2_000;

export class PluginOutput {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #stdoutEnded: Promise<unknown>;
  readonly #stderrEnded: Promise<unknown>;
  readonly #flooded = new AbortController();
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #stderr = Buffer.alloc(0);

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#stdoutEnded = readAll(child.stdout, (chunk) => this.#keep(chunk));
    this.#stderrEnded = readAll(child.stderr, (chunk) => {
      this.#stderr = Buffer.concat([this.#stderr, chunk]).subarray(-STDERR_KEPT);
    });
  }

  /** Fires at more than STDOUT_LIMIT bytes. */
  get flooded(): AbortSignal {
    return this.#flooded.signal;
  }

  get stdout(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  /** The last words of it. */
  get stderr(): string {
    return this.#stderr.toString('utf8').trim();
  }

  /**
   * Call it when the plugin has ended: resolves when all it printed has been read. A success needs only stdout: a helper that it
   * leaves behind often keeps its stderr.
   */
  async complete(success: boolean): Promise<void> {
    const ended = success ? this.#stdoutEnded : Promise.all([this.#stdoutEnded, this.#stderrEnded]);
    if (await settlesWithin(ended, HELD_LIMIT_MS)) return;
    // timers come before sockets in a turn of the event loop: after a stall what the plugin printed may not have been read yet
    await nextTurn();
  }

  /** Lets go of the pipes, whoever holds the other ends. */
  close(): void {
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream.destroy();
  }

  #keep(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > STDOUT_LIMIT) this.#flooded.abort();
    else this.#chunks.push(chunk);
  }
}

/** Resolves when the stream has ended, one way or the other. */
function readAll(stream: Readable, onData: (chunk: Buffer) => void): Promise<unknown> {
  stream.on('data', onData);
  // an error is followed by 'close', which is all that matters here
  stream.on('error', () => undefined);
  return new Promise((resolve) => stream.once('close', resolve));
}
