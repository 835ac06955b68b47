/** Boots take all the processors they get, so only so many run at a time; the others wait in order. */
import { BoxError } from '../../errors.ts';

/** INVARIANT: at most `limit` run; whoever ends hands its place to the one that has waited longest. */
export class BootQueue {
  readonly #limit: number;
  /** In order of arrival. */
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get running(): number {
    return this.#running;
  }

  /** Runs `work` when it is its turn. CANCELLED if the signal fires before; later it is the work's business. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #enter(signal: AbortSignal): Promise<void> {
    if (this.#running < this.#limit) {
      this.#running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(enter);
        reject(
          new BoxError('CANCELLED', `the caller gave up while ${this.#running} other VMs were booting before its own`),
        );
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) leave();
    });
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
