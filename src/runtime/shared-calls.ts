/** Identical calls at the same time share one execution, which is given up only when every caller has given up. */
import { isDeepStrictEqual } from 'node:util';
import { BoxError } from '../errors.ts';

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
    const running = this.#calls.get(key);
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
        reject(new BoxError('CANCELLED', 'the caller gave up'));
      };
      if (signal.aborted) {
        leave();
        call.result.catch(() => undefined);
        return;
      }
      signal.addEventListener('abort', leave, { once: true });
      call.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }
}
