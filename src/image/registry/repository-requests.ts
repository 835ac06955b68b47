/** Requests about one repository, each to one host and with the credentials that this host may see. */
import type { RegistryAuth } from '../image-service.ts';
import { MAX_MANIFEST_BYTES, manifestAccept } from '../manifest.ts';
import type { ImageReference } from '../reference.ts';
import type { Authenticator, AuthTarget } from './authenticator.ts';
import type { ManifestDocument } from './client.ts';
import { credentialsFor } from './credentials.ts';
import { fromNetwork, HostFailure } from './host-failure.ts';
import { nameOf, type RegistryHost } from './hosts.ts';
import { discard, type HttpResponse, type HttpTransport, readUpTo } from './transport.ts';

const MAX_ERROR_BODY = 4096;

export interface RequestParts {
  readonly transport: HttpTransport;
  readonly authenticator: Authenticator;
}

interface Ask {
  readonly method: 'GET' | 'HEAD';
  /** Below the repository, such as `manifests/latest`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class RepositoryRequests {
  readonly #parts: RequestParts;
  readonly #reference: ImageReference;
  readonly #auth: RegistryAuth | undefined;

  constructor(parts: RequestParts, reference: ImageReference, auth: RegistryAuth | undefined) {
    this.#parts = parts;
    this.#reference = reference;
    this.#auth = auth;
  }

  /** HEAD of a manifest by tag or digest, whatever the answer's status; its body is done with. @throws HostFailure. */
  async headManifest(host: RegistryHost, reference: string, signal: AbortSignal): Promise<HttpResponse> {
    const response = await this.#send(host, manifestAsk('HEAD', reference), signal);
    await discard(response);
    return response;
  }

  /** A manifest or index by tag or digest; its digest is not checked here. @throws HostFailure. */
  async manifest(host: RegistryHost, reference: string, signal: AbortSignal): Promise<ManifestDocument> {
    const response = await this.#expect(host, manifestAsk('GET', reference), signal);
    const bytes = await fromNetwork(nameOf(host), readUpTo(response, MAX_MANIFEST_BYTES));
    if (bytes === undefined)
      throw new HostFailure(
        nameOf(host),
        'REGISTRY_ANSWER',
        `${nameOf(host)} answered with a manifest of more than ${MAX_MANIFEST_BYTES} bytes`,
      );
    return { bytes, contentType: (response.headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? '' };
  }

  /** The whole of a small blob, or undefined if it is longer than `limit`. @throws HostFailure. */
  async smallBlob(host: RegistryHost, digest: string, limit: number, signal: AbortSignal): Promise<Buffer | undefined> {
    return fromNetwork(nameOf(host), readUpTo(await this.blob(host, digest, 0, signal), limit));
  }

  /** A blob's bytes from `offset` on; a host without ranges sends all of them (status 200). @throws HostFailure. */
  async blob(host: RegistryHost, digest: string, offset: number, signal: AbortSignal): Promise<HttpResponse> {
    const headers = offset > 0 ? { range: `bytes=${offset}-` } : {};
    return this.#expect(host, { method: 'GET', path: `blobs/${digest}`, headers }, signal);
  }

  async #expect(host: RegistryHost, ask: Ask, signal: AbortSignal): Promise<HttpResponse> {
    const response = await this.#send(host, ask, signal);
    if (response.status === 200 || response.status === 206) return response;
    const detail = await errorDetail(response);
    const who = isOwnAnswer(host, response) ? nameOf(host) : `${response.origin}, to which ${nameOf(host)} redirected,`;
    throw HostFailure.ofStatus(
      nameOf(host),
      response.status,
      `${who} answered ${response.status} to ${ask.path}${detail}`,
    );
  }

  async #send(host: RegistryHost, ask: Ask, signal: AbortSignal): Promise<HttpResponse> {
    const target: AuthTarget = {
      host,
      repository: this.#reference.path,
      credentials: credentialsFor(this.#auth, this.#reference.host, host),
    };
    const first = await this.#sendOnce(target, ask, this.#parts.authenticator.cached(target), signal);
    const challenge = first.headers['www-authenticate'];
    // Whoever the host redirects to may ask for credentials, and gets none: it would name where to send them.
    if (first.status !== 401 || challenge === undefined || !isOwnAnswer(host, first)) return first;
    let authorization: string | undefined;
    try {
      authorization = await this.#parts.authenticator.answer(target, challenge, signal);
    } catch (error) {
      await discard(first);
      throw error;
    }
    if (authorization === undefined) return first;
    await discard(first);
    return this.#sendOnce(target, ask, authorization, signal);
  }

  async #sendOnce(
    { host }: AuthTarget,
    ask: Ask,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const query = host.isMirror ? `?ns=${encodeURIComponent(this.#reference.host)}` : '';
    const response = this.#parts.transport.request({
      method: ask.method,
      url: `${host.base}/${this.#reference.path}/${ask.path}${query}`,
      headers: {
        'user-agent': 'a3s-box',
        ...host.headers,
        ...ask.headers,
        ...(authorization === undefined ? {} : { authorization }),
      },
      tls: host.tls,
      connectTimeoutMs: host.connectTimeoutMs,
      signal,
    });
    return fromNetwork(nameOf(host), response);
  }
}

function isOwnAnswer(host: RegistryHost, response: HttpResponse): boolean {
  return response.origin === new URL(host.base).origin;
}

function manifestAsk(method: Ask['method'], reference: string): Ask {
  return { method, path: `manifests/${reference}`, headers: { accept: manifestAccept } };
}

/** The registry's own words, as far as they are its error format (distribution spec, "Error Codes"). */
async function errorDetail(response: HttpResponse): Promise<string> {
  try {
    const body = await readUpTo(response, MAX_ERROR_BODY);
    const message = /"message"\s*:\s*"([^"\\]{1,200})"/.exec(body?.toString('utf8') ?? '')?.[1];
    return message === undefined ? '' : ` (${message})`;
  } catch (error) {
    // The status is the news; a body that breaks adds nothing.
    void error;
    return '';
  }
}
