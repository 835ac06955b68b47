/**
 * Identical calls at the same time share one execution, which is given up only when every caller has given up.
 *
 * INVARIANTS
 * - At most one execution of a key runs at any time; one that was given up still runs until it has been undone, or has come
 *   to its end all the same.
 * - Nobody is told that somebody else gave up: whoever comes after that waits for the end, and then starts anew.
 */
import { isDeepStrictEqual } from 'node:util';
import { BoxError } from '../errors.ts';
import { settled } from './time.ts';

interface SharedCall {
  readonly request: unknown;
  readonly result: Promise<string>;
  readonly abort: AbortController;
  waiting: number;
}

export class SharedCalls {
  readonly #calls = new Map<string, SharedCall>();

  /**
   * Joins the call under `key` if one runs with an equal request, else starts `work`.
   * NAME_RESERVED if a different request holds the key; CANCELLED as soon as `signal` fires, also if others wait on.
   */
  async join(
    key: string,
    request: unknown,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<string>,
  ): Promise<string> {
    let running = this.#calls.get(key);
    while (running?.abort.signal.aborted === true && !signal.aborted) {
      await settled(running.result, signal);
      running = this.#calls.get(key);
    }
    if (signal.aborted) throw gaveUp();
    if (running !== undefined && !isDeepStrictEqual(running.request, request)) {
      throw new BoxError(
        'NAME_RESERVED',
        `${key.replaceAll('\0', '/')} is being created with another configuration: wait for it or use another attempt`,
      );
    }
    const call = running ?? this.#start(key, request, work);
    call.waiting += 1;
    return this.#wait(call, signal);
  }

  #start(key: string, request: unknown, work: (signal: AbortSignal) => Promise<string>): SharedCall {
    const abort = new AbortController();
    const result = work(abort.signal).finally(() => this.#calls.delete(key));
    const call = { request, result, abort, waiting: 0 };
    this.#calls.set(key, call);
    return call;
  }

  #wait(call: SharedCall, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        call.waiting -= 1;
        if (call.waiting === 0) call.abort.abort();
        reject(gaveUp());
      };
      signal.addEventListener('abort', leave, { once: true });
      call.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }
}

function gaveUp(): BoxError {
  return new BoxError('CANCELLED', 'the caller gave up');
}
