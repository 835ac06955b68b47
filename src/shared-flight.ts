/**
 * Work that several callers want at the same time is done once.
 *
 * INVARIANTS
 * - A flight runs as long as somebody waits for it; when the last waiter gives up it is aborted and forgotten.
 * - A waiter's abort ends only its own wait. The last waiter waits for the flight's end: nothing runs on behind it.
 */
interface Flight<V> {
  readonly result: Promise<V>;
  readonly controller: AbortController;
  waiters: number;
}

export class SharedFlights<V> {
  readonly #flights = new Map<string, Flight<V>>();

  /** Joins the flight of `key`, or starts it. @throws what `start` throws, or the signal's reason. */
  async join(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<V>): Promise<V> {
    signal.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#begin(key, start);
    flight.waiters += 1;
    try {
      return await orAbort(flight.result, signal);
    } finally {
      flight.waiters -= 1;
      if (flight.waiters === 0) await this.#end(key, flight, signal.reason);
    }
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  #begin(key: string, start: (signal: AbortSignal) => Promise<V>): Flight<V> {
    const controller = new AbortController();
    const result = start(controller.signal);
    // Every waiter may have left when it fails.
    result.catch(() => undefined);
    const flight: Flight<V> = { result, controller, waiters: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  async #end(key: string, flight: Flight<V>, reason: unknown): Promise<void> {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    // Does nothing to a flight that has ended.
    flight.controller.abort(reason);
    await flight.result.then(
      () => undefined,
      () => undefined,
    );
  }
}

/** The promise's outcome, or the signal's reason as soon as it is aborted. */
export function orAbort<V>(promise: Promise<V>, signal: AbortSignal): Promise<V> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
