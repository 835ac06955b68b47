/** What happens to sandboxes and containers, told to everyone who listens. */
import { BoxError } from '../../errors.ts';
import type { ContainerView, Nanos, SandboxView } from '../model.ts';

export type EventType = 'CREATED' | 'STARTED' | 'STOPPED' | 'DELETED';

export interface RuntimeEvent {
  /** Of the container, or of the sandbox for what happens to itself. */
  readonly id: string;
  readonly type: EventType;
  readonly at: Nanos;
  /** The sandbox and what is in it, after the event. */
  readonly sandbox: SandboxView;
  readonly containers: readonly ContainerView[];
}

/** kubelet reads as fast as it can; who is this far behind has stopped reading. */
const MAX_WAITING = 1024;

/**
 * INVARIANT: a listener gets every event after its subscription, in order, or an error: never a stream with a hole in it.
 */
export class EventHub {
  readonly #listeners = new Set<Listener>();

  publish(event: RuntimeEvent): void {
    for (const listener of this.#listeners) listener.push(event);
  }

  /**
   * Every event from this call on, until the signal fires. EVENTS_LOST if the caller falls too far behind: then it must list
   * everything and listen anew.
   */
  listen(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const listener = new Listener(signal);
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true });
    return { [Symbol.asyncIterator]: () => this.#follow(listener) };
  }

  async *#follow(listener: Listener): AsyncGenerator<RuntimeEvent, void, undefined> {
    try {
      yield* listener.events();
    } finally {
      this.#listeners.delete(listener);
    }
  }
}

class Listener {
  readonly #signal: AbortSignal;
  #waiting: RuntimeEvent[] = [];
  #overrun = false;
  #wake: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  push(event: RuntimeEvent): void {
    if (this.#overrun) return;
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(event);
    else {
      this.#overrun = true;
      this.#waiting = [];
    }
    this.#wake();
  }

  async *events(): AsyncGenerator<RuntimeEvent, void, undefined> {
    while (!this.#signal.aborted) {
      if (this.#overrun) {
        throw new BoxError(
          'EVENTS_LOST',
          `${MAX_WAITING} events were not read in time: list everything and dial again`,
        );
      }
      const event = this.#waiting.shift();
      if (event !== undefined) yield event;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
