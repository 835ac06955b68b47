/** One-shot tokens: the only secret between the gRPC answer and the connection that follows it. */
import { randomBytes } from 'node:crypto';
import { BoxError } from '../../errors.ts';

const TOKEN_BYTES = 32;
/** What cri-streaming promises, and kubelet relies on. */
const LIFE_MS = 60_000;
const MAX_IN_FLIGHT = 1_000;

/** INVARIANT: entries are in the order of their expiry, since all live equally long. */
export class TokenStore<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly expires: number }>();
  readonly #now: () => number;

  /** `now`: milliseconds of a clock that does not jump. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** 43 letters, safe in a URL. TOO_MANY_STREAMS if too many wait to be used. */
  issue(value: T): string {
    this.#forgetExpired();
    if (this.#entries.size >= MAX_IN_FLIGHT) {
      throw new BoxError('TOO_MANY_STREAMS', `${MAX_IN_FLIGHT} streaming URLs wait to be used: try again in a minute`);
    }
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    this.#entries.set(token, { value, expires: this.#now() + LIFE_MS });
    return token;
  }

  /** Uses the token up; undefined if it is unknown, used or expired. */
  take(token: string): T | undefined {
    this.#forgetExpired();
    const entry = this.#entries.get(token);
    this.#entries.delete(token);
    return entry?.value;
  }

  #forgetExpired(): void {
    const now = this.#now();
    for (const [token, { expires }] of this.#entries) {
      if (expires > now) return;
      this.#entries.delete(token);
    }
  }
}
