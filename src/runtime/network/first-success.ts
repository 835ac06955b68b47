/**
 * Lets one of several go ahead until one has succeeded; from then on all go at once.
 *
 * For ADDs on one network: the first makes what all share on the host (bridge, firewall chains), and some plugins do that
 * without a lock: two firsts at once trip over each other ("chain exists").
 */
export class FirstSuccess {
  readonly #done = new Set<string>();
  readonly #ahead = new Map<string, Promise<void>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    for (let ahead = this.#ahead.get(key); ahead !== undefined; ahead = this.#ahead.get(key)) await ahead;
    if (this.#done.has(key)) return work();
    const mine = work();
    const settled = mine.then(
      () => void this.#done.add(key),
      () => undefined,
    );
    this.#ahead.set(
      key,
      settled.finally(() => this.#ahead.delete(key)),
    );
    return mine;
  }
}
