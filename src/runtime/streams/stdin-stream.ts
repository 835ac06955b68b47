/** A client's input on its way to a process. */
import { Writable } from 'node:stream';
import { BoxError } from '../../errors.ts';

/** Bytes that may be under way to the process (guest.proto: Exec). */
const WINDOW_BYTES = 64 * 1024;
/** Small enough for an acknowledgement to come while the next is under way. */
const MESSAGE_BYTES = WINDOW_BYTES / 2;

interface Waiting {
  readonly data: Buffer;
  readonly done: () => void;
}

/**
 * INVARIANT: at most WINDOW_BYTES were sent beyond what the guest says that the process has taken. Nothing is cut smaller than it has
 * to be: each small message would be acknowledged by itself, and so leave room for another small one, for ever (RFC 9293 §3.8.6.2).
 */
export class StdinStream extends Writable {
  readonly #send: (data: Buffer, sent: () => void) => void;
  readonly #close: () => void;
  #sent = 0;
  #taken = 0;
  #waiting: Waiting | undefined;

  /**
   * `send` calls back when the message has left: what is written meanwhile goes together, for each message costs both sides
   * milliseconds, however small it is. `close` is called once everything before was sent.
   */
  constructor(send: (data: Buffer, sent: () => void) => void, close: () => void) {
    super({ highWaterMark: WINDOW_BYTES });
    this.#send = send;
    this.#close = close;
  }

  /** The process has taken this much since the beginning. GUEST_ANSWER if that cannot be. */
  acknowledge(total: number): void {
    if (!(total >= this.#taken && total <= this.#sent)) {
      throw new BoxError('GUEST_ANSWER', `the guest says that ${total} bytes of ${this.#sent} were read`);
    }
    this.#taken = total;
    this.#pump();
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#waiting = { data, done };
    this.#pump();
  }

  /** What has come meanwhile goes together. */
  override _writev(pieces: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.#waiting = { data: Buffer.concat(pieces.map(({ chunk }) => chunk)), done };
    this.#pump();
  }

  override _final(done: () => void): void {
    this.#close();
    done();
  }

  #pump(): void {
    while (this.#waiting !== undefined) {
      const { data, done } = this.#waiting;
      const length = Math.min(data.length, MESSAGE_BYTES);
      if (length > WINDOW_BYTES - (this.#sent - this.#taken)) return;
      const isLast = length === data.length;
      this.#sent += length;
      this.#waiting = isLast ? undefined : { data: data.subarray(length), done };
      if (length > 0) this.#send(data.subarray(0, length), isLast ? done : () => undefined);
      else done();
    }
  }
}
