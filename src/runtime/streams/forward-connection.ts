/**
 * A connection to a port of a pod, over one call to the guest.
 *
 * INVARIANT: back-pressure goes through both ways: the call is paused while nobody reads, and a write is done when the call
 * has sent it.
 */
import { Duplex } from 'node:stream';
import { BoxError, messageOf } from '../../errors.ts';
import type { ForwardResponse__Output } from '../../guest-client/generated/a3s/guest/v1/ForwardResponse.ts';
import { guestError, isServiceError } from '../../guest-client/guest-error.ts';
import type { ForwardCall } from '../../guest-client/guest-session.ts';
import { accepted } from './accepted.ts';
import type { Session } from './sessions.ts';

/** Messages small enough for the guest's limits, whatever a client sends at once. */
const MESSAGE_BYTES = 32 * 1024;
/** How long the guest may take to hand the last bytes to the pod when both sides have ended. */
const LINGER_MS = 30_000;

export class ForwardConnection extends Duplex implements Session {
  readonly opened: Promise<void>;
  readonly #call: ForwardCall;
  #ended = false;

  /** `left` is called when the call is over. */
  constructor(call: ForwardCall, left: () => void) {
    super({ allowHalfOpen: true });
    this.#call = call;
    call.on('data', (response: ForwardResponse__Output) => this.#receive(response));
    call.on('error', (error) => this.destroy(forwardError(error)));
    call.on('end', () => this.#onEnd());
    // the last event of a call, also of a cancelled one
    call.once('status', left);
    call.pause();
    // an error that comes while nobody listens must not end the daemon
    const broken = new Promise<never>((_, reject) => this.on('error', reject));
    broken.catch(() => undefined);
    this.opened = accepted(call, broken);
  }

  fail(reason: BoxError): void {
    this.destroy(reason);
    // also if it was lingering
    this.#call.cancel();
  }

  override _read(): void {
    this.#call.resume();
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(data, done);
  }

  /** What has come meanwhile goes together, for each message costs both sides milliseconds, however small it is. */
  override _writev(pieces: readonly { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(pieces.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.#call.end();
    done();
  }

  /** After both directions have ended in order, what is under way to the pod must still arrive. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (error === null && this.#ended && this.writableFinished) this.#linger();
    else this.#call.cancel();
    done(error);
  }

  #linger(): void {
    const limit = setTimeout(() => this.#call.cancel(), LINGER_MS);
    this.#call.once('status', () => clearTimeout(limit));
    this.#call.resume();
  }

  #send(data: Buffer, done: (error?: Error | null) => void): void {
    const part = data.subarray(0, MESSAGE_BYTES);
    const rest = data.subarray(part.length);
    this.#call.write({ data: part }, (error: Error | null | undefined) => {
      if (error || rest.length === 0) done(error ?? null);
      else this.#send(rest, done);
    });
  }

  #receive({ data, end }: ForwardResponse__Output): void {
    if (end) this.#finish();
    else if (data && !this.#ended && !this.push(data)) this.#call.pause();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.push(null);
  }

  /** The guest has closed its side in order: both directions are over. */
  #onEnd(): void {
    if (!this.#ended)
      this.destroy(new BoxError('GUEST_ANSWER', 'the guest ended a forwarded connection without a word'));
  }
}

function forwardError(error: Error): BoxError {
  return isServiceError(error)
    ? guestError(error, 'Forward', 'FORWARD_FAILED')
    : new BoxError('GUEST_ANSWER', messageOf(error), { cause: error });
}
