/**
 * HTTP for the registry client, on undici. undici is loaded with the first request: it costs 27 MiB and 70 ms that a daemon
 * which pulls nothing need not pay.
 *
 * INVARIANT: `#agents` has one agent per combination of TLS options, connect timeout and use of a proxy, closed together by
 * close().
 */
import type { Readable } from 'node:stream';
import tls from 'node:tls';
import type * as UndiciModule from 'undici';
import type { Dispatcher } from 'undici';
import type { TlsOptions } from './hosts.ts';
import { mayUseProxy } from './proxy.ts';

const HEADERS_TIMEOUT_MS = 30_000;
/** Between two pieces of a body. */
const BODY_IDLE_MS = 60_000;
const MAX_REDIRECTS = 5;

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly tls: TlsOptions;
  readonly connectTimeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  /** Who answered: after a redirect not who was asked. */
  readonly origin: string;
  readonly status: number;
  /** Names lower-case; repeated headers joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** Must be read to the end, destroyed or given to discard(). */
  readonly body: Readable;
}

type Undici = typeof UndiciModule;

export class HttpTransport {
  readonly #agents = new Map<string, Dispatcher>();
  #undici: Promise<Undici> | undefined;

  /** Follows redirects of GET and HEAD; credentials and configured headers stay with the origin they were meant for. */
  async request(request: HttpRequest): Promise<HttpResponse> {
    let { url, headers } = request;
    for (let redirects = 0; ; redirects += 1) {
      const response = await this.#once({ ...request, url, headers });
      const { location } = response.headers;
      const isRedirect =
        [301, 302, 303, 307, 308].includes(response.status) && location !== undefined && request.method !== 'POST';
      if (!isRedirect) return response;
      await discard(response);
      if (redirects === MAX_REDIRECTS) throw new Error(`more than ${MAX_REDIRECTS} redirects`);
      if (!URL.canParse(location, url)) throw new Error('redirect to an address that is none');
      const target = new URL(location, url);
      if (target.protocol !== 'https:' && target.protocol !== 'http:')
        throw new Error(`redirect to ${target.protocol}`);
      if (target.origin !== new URL(url).origin) headers = portableHeaders(headers);
      url = target.href;
    }
  }

  async close(): Promise<void> {
    const agents = [...this.#agents.values()];
    this.#agents.clear();
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  async #once(request: HttpRequest): Promise<HttpResponse> {
    this.#undici ??= import('undici');
    const undici = await this.#undici;
    const { statusCode, headers, body } = await undici.request(request.url, {
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      dispatcher: this.#agent(undici, request),
      signal: request.signal,
      headersTimeout: HEADERS_TIMEOUT_MS,
      bodyTimeout: BODY_IDLE_MS,
    });
    return { origin: new URL(request.url).origin, status: statusCode, headers: flatten(headers), body };
  }

  #agent(undici: Undici, request: HttpRequest): Dispatcher {
    const isTls = request.url.startsWith('https:');
    const isProxied = mayUseProxy(new URL(request.url));
    const key = JSON.stringify([isProxied, isTls, request.connectTimeoutMs, isTls ? request.tls : {}]);
    const existing = this.#agents.get(key);
    if (existing !== undefined) return existing;
    const connect = { timeout: request.connectTimeoutMs, ...(isTls ? tlsConnect(request.tls) : {}) };
    const agent = isProxied
      ? new undici.EnvHttpProxyAgent({ connect, requestTls: connect })
      : new undici.Agent({ connect });
    this.#agents.set(key, agent);
    return agent;
  }
}

/** One shared context: parsing some hundred CA certificates for each connection would cost more than the handshake. */
function tlsConnect(options: TlsOptions): {
  readonly rejectUnauthorized: boolean;
  readonly secureContext: tls.SecureContext;
} {
  const ca = [...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system'), ...options.ca])];
  return { rejectUnauthorized: !options.skipVerify, secureContext: tls.createSecureContext({ ca }) };
}

/** What may go to another origin. */
function portableHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === 'accept' || name === 'range' || name === 'user-agent'),
  );
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = [value].flat().join(', ');
  }
  return flat;
}

/** Throws a body away; a long one costs its connection instead of its transfer. */
export async function discard(response: HttpResponse): Promise<void> {
  await readUpTo(response, 64 << 10).catch((error: unknown) => void error);
}

/** Reads a body of at most `limit` bytes; undefined if it is longer. */
export async function readUpTo(response: HttpResponse, limit: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response.body as AsyncIterable<Buffer>) {
    size += part.length;
    // Leaving the loop destroys the body and with it the connection.
    if (size > limit) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}
