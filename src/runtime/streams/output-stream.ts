/** A process's stdout or stderr on its way to a client. */
import { Readable } from 'node:stream';

/** Bytes that the guest may send of each stream beyond what was taken: what one stream can hold in memory, a little more than twice. */
export const WINDOW_BYTES = 128 * 1024;
/** Less than the guest's largest piece, so that no second one of them is taken before the first is read. */
const READY_BYTES = 32 * 1024;

/**
 * INVARIANTS
 * - At most WINDOW_BYTES wait in the queue: a guest that sends more has broken the protocol.
 * - Bytes count as taken when they leave the queue for the reader, so a reader that stops stops the guest.
 */
export class OutputStream extends Readable {
  readonly #taken: (bytes: number) => void;
  readonly #queue: Buffer[] = [];
  #queued = 0;
  #wanted = false;
  #finished = false;

  constructor(taken: (bytes: number) => void) {
    super({ highWaterMark: READY_BYTES });
    this.#taken = taken;
  }

  /** False if the guest has sent more than it may. What comes after the reader has left is dropped. */
  deliver(data: Buffer): boolean {
    if (this.destroyed) {
      this.#taken(data.length);
      return true;
    }
    if (this.#queued + data.length > WINDOW_BYTES) return false;
    this.#queue.push(data);
    this.#queued += data.length;
    this.#pump();
    return true;
  }

  /** Nothing more will come; the reader gets what is there, then the end. Repeatable. */
  finish(): void {
    this.#finished = true;
    this.#pump();
  }

  override _read(): void {
    this.#wanted = true;
    this.#pump();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#taken(this.#queued);
    this.#queue.length = 0;
    this.#queued = 0;
    callback(error);
  }

  #pump(): void {
    while (this.#wanted) {
      const data = this.#queue.shift();
      if (data === undefined) break;
      this.#queued -= data.length;
      this.#wanted = this.push(data);
      this.#taken(data.length);
    }
    if (this.#wanted && this.#finished) {
      this.#wanted = false;
      this.push(null);
    }
  }
}
