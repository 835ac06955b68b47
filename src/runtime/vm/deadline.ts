/** A time limit that signs of life push back. */

/** A timer that fires this late was kept from firing: the process stood still, and could not have heard anything either. */
const STALL_MS = 1_000;

/**
 * INVARIANT: `expired` is called at most once, never after `cancel`, and only for a silence during which this process could
 * hear. After a stall of the event loop, or of the whole machine, the limit starts anew.
 */
export class Deadline {
  readonly #limitMs: number;
  readonly #expired: () => void;
  readonly #now: () => number;
  #timer: NodeJS.Timeout;
  #due: number;
  #cancelled = false;

  /** `now` is a clock in milliseconds that only goes forward. */
  constructor(limitMs: number, expired: () => void, now: () => number = () => performance.now()) {
    this.#limitMs = limitMs;
    this.#expired = expired;
    this.#now = now;
    this.#due = now() + limitMs;
    this.#timer = this.#arm();
  }

  /** A sign of life: the limit starts anew. */
  extend(): void {
    if (this.#cancelled) return;
    this.#due = this.#now() + this.#limitMs;
    clearTimeout(this.#timer);
    this.#timer = this.#arm();
  }

  cancel(): void {
    this.#cancelled = true;
    clearTimeout(this.#timer);
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(() => this.#fire(), this.#limitMs).unref();
  }

  #fire(): void {
    const due = this.#due;
    if (this.#now() - due > STALL_MS) {
      this.extend();
      return;
    }
    // timers come before sockets in a turn of the event loop: a sign that has arrived already still counts
    setImmediate(() => {
      if (!this.#cancelled && this.#due === due) this.#expired();
    });
  }
}
