/**
 * Lets one of several go ahead until one has succeeded; from then on all go at once.
 *
 * For ADDs on one network: the first makes what all share on the host (bridge, firewall chains), and some plugins do that
 * without a lock: two firsts at once trip over each other ("chain exists"). That takes milliseconds, so the head start has an
 * end: one plugin that hangs must not hold up every pod of the node for as long as it may run.
 *
 * INVARIANT: of a key at most one has a head start at a time.
 */
import { BoxError } from '../../errors.ts';
import { settled, settlesWithin } from '../time.ts';

export class FirstSuccess {
  readonly #headStartMs: number;
  readonly #done = new Set<string>();
  readonly #ahead = new Map<string, Promise<unknown>>();

  constructor(headStartMs: number) {
    this.#headStartMs = headStartMs;
  }

  /** CANCELLED if the signal fires before it is its turn; later it is the work's business. */
  async run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    let ahead = this.#ahead.get(key);
    while (ahead !== undefined && !signal.aborted) {
      await settled(ahead, signal);
      ahead = this.#ahead.get(key);
    }
    if (signal.aborted) {
      throw new BoxError('CANCELLED', `the caller gave up while another was the first to be attached to ${key}`);
    }
    if (this.#done.has(key)) return work();
    const mine = work();
    const ended = mine.then(
      () => void this.#done.add(key),
      () => undefined,
    );
    this.#ahead.set(
      key,
      settlesWithin(ended, this.#headStartMs).finally(() => this.#ahead.delete(key)),
    );
    return mine;
  }
}
