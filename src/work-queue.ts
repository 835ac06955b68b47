/** Work of which only so much may run at a time: the rest waits in order. */
import { BoxError } from './errors.ts';

export interface WorkQueueOptions {
  /** Places. */
  readonly limit: number;
  /** What the work is, for whoever gives up before its turn: "others were …". */
  readonly doing: string;
  /** Resolves when work that ends then gives its place on, though it may run on; undefined: at its end. */
  readonly placeEnds?: (ended: Promise<unknown>) => Promise<unknown>;
}

/**
 * INVARIANT: at most `limit` have a place; whoever ends, or has had it for as long as `placeEnds` says, hands its place to the one
 * that has waited longest.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** In order of arrival. */
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
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
    const result = work();
    const ended = Promise.allSettled([result]);
    const { placeEnds = (whole) => whole } = this.#options;
    void placeEnds(ended).then(() => this.#leave());
    return result;
  }

  #enter(signal: AbortSignal): Promise<void> {
    if (this.#running < this.#options.limit) {
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
        const { doing } = this.#options;
        reject(new BoxError('CANCELLED', `the caller gave up before its turn: ${this.#running} others were ${doing}`));
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
