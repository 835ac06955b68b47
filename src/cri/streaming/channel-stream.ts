/** One stream of several on a connection, whatever the protocol that carries it. */
import { Duplex } from 'node:stream';
import { ended } from './pump.ts';

const WRITE_BUFFER = 64 * 1024;

/** The connection's side of a stream. Neither promise rejects: a lost connection closes the stream. */
export interface StreamEnds {
  /** Resolves when the connection takes more. */
  send(bytes: Buffer): Promise<void>;
  /** Nothing more will be sent. */
  finish(): Promise<void>;
  /** It was closed before both directions had ended. */
  abandon(): void;
}

/**
 * INVARIANTS
 * - The connection hands over one piece at a time and reads on when that is taken, so that a consumer which does not read
 *   holds back the peer, and no number of small pieces grows a queue.
 * - It closes without an error: a peer that leaves is an end, and whoever reads sees it by a missing 'end'.
 */
export class ChannelStream extends Duplex {
  readonly #ends: StreamEnds;
  #peerFinished = false;
  #peerLeft = false;
  #taken: (() => void) | undefined;

  constructor(ends: StreamEnds) {
    super({ readableHighWaterMark: 1, writableHighWaterMark: WRITE_BUFFER });
    this.#ends = ends;
  }

  /** A piece from the peer; the promise, if there is one, resolves when the next may come. */
  deliver(bytes: Buffer): Promise<void> | undefined {
    if (bytes.length === 0 || this.destroyed || this.#peerFinished || this.push(bytes)) return undefined;
    return new Promise((resolve) => {
      this.#taken = resolve;
    });
  }

  /** The peer has sent its last byte. */
  peerFinished(): void {
    if (this.#peerFinished) return;
    this.#peerFinished = true;
    this.push(null);
  }

  /** The peer gave the stream up, or is gone: nothing is said back. */
  peerLeft(): void {
    this.#peerLeft = true;
    this.destroy();
  }

  /** Sends what is still to be sent; what comes from now on is dropped, so that it keeps nobody waiting. */
  async finish(): Promise<void> {
    this.resume();
    await ended(this);
  }

  override _read(): void {
    this.#taken?.();
    this.#taken = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, taken: () => void): void {
    void this.#ends.send(chunk).then(taken);
  }

  override _final(finished: () => void): void {
    void this.#ends.finish().then(finished);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this._read();
    const ended = this.#peerFinished && this.writableFinished;
    if (!ended && !this.#peerLeft) this.#ends.abandon();
    callback(error);
  }
}
