/** First come, first served, for one object: the ordering of one sandbox's or one container's operations. */
export class Turns {
  #tail: Promise<unknown> = Promise.resolve();

  /** Runs `work` when all earlier ones have ended, however they ended. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
