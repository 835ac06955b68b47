import { errnoOf, messageOf } from '../../errors.ts';

export type FailureReason = 'IMAGE_NOT_FOUND' | 'REGISTRY_DENIED' | 'REGISTRY_UNAVAILABLE' | 'REGISTRY_ANSWER';

/** One host could not serve a request. The next host may; the session turns the last one into a BoxError. */
export class HostFailure extends Error {
  override readonly name = 'HostFailure';
  /** `name[:port]`. */
  readonly host: string;
  readonly reason: FailureReason;
  /** Asking again a little later may help. */
  readonly retryable: boolean;

  constructor(
    host: string,
    reason: FailureReason,
    message: string,
    options: { readonly retryable?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.host = host;
    this.reason = reason;
    this.retryable = options.retryable ?? false;
  }

  /** For an HTTP status that is not the wanted one. */
  static ofStatus(host: string, status: number, message: string): HostFailure {
    if (status === 404) return new HostFailure(host, 'IMAGE_NOT_FOUND', message);
    if (status === 401 || status === 403) return new HostFailure(host, 'REGISTRY_DENIED', message);
    if (status >= 500 || status === 429 || status === 408)
      return new HostFailure(host, 'REGISTRY_UNAVAILABLE', message, { retryable: true });
    return new HostFailure(host, 'REGISTRY_ANSWER', message);
  }

  /** For a connection that failed or broke. */
  static ofNetwork(host: string, cause: unknown): HostFailure {
    const code = errnoOf(cause);
    const text = messageOf(cause);
    return new HostFailure(
      host,
      'REGISTRY_UNAVAILABLE',
      `${host}: ${code !== undefined && !text.includes(code) ? `${code} ` : ''}${text}`,
      { retryable: true, cause },
    );
  }
}

/** Waits for what a host sends: when the connection breaks, that is the host's failure. */
export async function fromNetwork<T>(host: string, coming: Promise<T>): Promise<T> {
  try {
    return await coming;
  } catch (error) {
    throw HostFailure.ofNetwork(host, error);
  }
}
