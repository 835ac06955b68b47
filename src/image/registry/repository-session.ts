/**
 * One pull's view of a repository: requests go to the hosts in order, the next one is asked when one fails, and the whole
 * round is repeated a little later when the failure may pass (network, 5xx, 429).
 *
 * INVARIANT: nothing that does not match its digest and size leaves this class, but for streamed blobs, whose digest the
 * receiver checks.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { LRUCache } from 'lru-cache';
import { BoxError } from '../../errors.ts';
import { isDigest, sha256Digest } from '../digest.ts';
import type { RegistryAuth } from '../image-service.ts';
import { type Descriptor, MAX_MANIFEST_BYTES, manifestAccept } from '../manifest.ts';
import { formatReference, type ImageReference } from '../reference.ts';
import type { Authenticator, AuthTarget } from './authenticator.ts';
import { streamBody } from './blob-body.ts';
import type { ManifestDocument } from './client.ts';
import { credentialsFor } from './credentials.ts';
import { HostFailure } from './host-failure.ts';
import { type Capability, nameOf, type RegistryHost } from './hosts.ts';
import { discard, type HttpResponse, type HttpTransport, readUpTo } from './transport.ts';

/** Rounds over all hosts, and the longest wait before the second one; it doubles, and is jittered. */
const MAX_ROUNDS = 3;
const BACKOFF_MS = 400;
const MAX_ERROR_BODY = 4096;

interface SessionParts {
  readonly transport: HttpTransport;
  readonly authenticator: Authenticator;
  readonly manifests: LRUCache<string, ManifestDocument>;
}

interface Ask {
  readonly method: 'GET' | 'HEAD';
  /** Below the repository, such as `manifests/latest`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class RepositorySession {
  readonly #parts: SessionParts;
  readonly #reference: ImageReference;
  readonly #hosts: readonly RegistryHost[];
  readonly #auth: RegistryAuth | undefined;

  constructor(
    parts: SessionParts,
    reference: ImageReference,
    hosts: readonly RegistryHost[],
    auth: RegistryAuth | undefined,
  ) {
    this.#parts = parts;
    this.#reference = reference;
    this.#hosts = hosts;
    this.#auth = auth;
  }

  /**
   * The digest of the manifest or index that the reference means now, by HEAD where the registry tells it (it costs no
   * download and is not counted by rate limits). @throws BoxError IMAGE_NOT_FOUND or REGISTRY_*.
   */
  async resolve(signal: AbortSignal): Promise<string> {
    const { digest, tag = 'latest' } = this.#reference;
    if (digest !== undefined) return digest;
    return this.#each('resolve', signal, async (host) => {
      const head = await this.#send(
        host,
        { method: 'HEAD', path: `manifests/${tag}`, headers: { accept: manifestAccept } },
        signal,
      );
      await discard(head);
      const told = head.headers['docker-content-digest'] ?? '';
      if (head.status === 200 && isDigest(told)) return told;
      // Some registries know no HEAD here, or answer it without a digest.
      const document = await this.#getManifest(host, tag, signal);
      const computed = sha256Digest(document.bytes);
      this.#parts.manifests.set(computed, document);
      return computed;
    });
  }

  /** A manifest or index by digest, from the cache if it is there. */
  async manifest(digest: string, signal: AbortSignal): Promise<ManifestDocument> {
    const cached = this.#parts.manifests.get(digest);
    if (cached !== undefined) return cached;
    return this.#each('pull', signal, async (host) => {
      const document = await this.#getManifest(host, digest, signal);
      const actual = sha256Digest(document.bytes);
      if (actual !== digest)
        throw new HostFailure(
          nameOf(host),
          'REGISTRY_ANSWER',
          `${nameOf(host)} answered manifest ${digest} with one of digest ${actual}`,
        );
      this.#parts.manifests.set(digest, document);
      return document;
    });
  }

  /** A small blob, checked. */
  async blob(descriptor: Descriptor, signal: AbortSignal): Promise<Buffer> {
    return this.#each('pull', signal, async (host) => {
      const response = await this.#expect(host, { method: 'GET', path: `blobs/${descriptor.digest}` }, signal);
      const bytes = await readBody(host, response, descriptor.size);
      if (bytes?.length !== descriptor.size || sha256Digest(bytes) !== descriptor.digest) {
        throw new HostFailure(
          nameOf(host),
          'REGISTRY_ANSWER',
          `${nameOf(host)} answered blob ${descriptor.digest} with other bytes`,
        );
      }
      return bytes;
    });
  }

  /**
   * Streams a blob of exactly `descriptor.size` bytes into `write`, taking a broken transfer up where it stopped. The digest
   * is not checked here. What `write` throws passes through.
   */
  async streamBlob(
    descriptor: Descriptor,
    write: (chunk: Buffer) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    let received = 0;
    await this.#each('pull', signal, async (host) => {
      const headers = received > 0 ? { range: `bytes=${received}-` } : {};
      const response = await this.#expect(host, { method: 'GET', path: `blobs/${descriptor.digest}`, headers }, signal);
      await streamBody(response, {
        host: nameOf(host),
        descriptor,
        offset: received,
        write: async (chunk) => {
          await write(chunk);
          received += chunk.length;
        },
      });
    });
  }

  async #getManifest(host: RegistryHost, reference: string, signal: AbortSignal): Promise<ManifestDocument> {
    const response = await this.#expect(
      host,
      { method: 'GET', path: `manifests/${reference}`, headers: { accept: manifestAccept } },
      signal,
    );
    const bytes = await readBody(host, response, MAX_MANIFEST_BYTES);
    if (bytes === undefined)
      throw new HostFailure(
        nameOf(host),
        'REGISTRY_ANSWER',
        `${nameOf(host)} answered with a manifest of more than ${MAX_MANIFEST_BYTES} bytes`,
      );
    return { bytes, contentType: (response.headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? '' };
  }

  async #expect(host: RegistryHost, ask: Ask, signal: AbortSignal): Promise<HttpResponse> {
    const response = await this.#send(host, ask, signal);
    if (response.status === 200 || response.status === 206) return response;
    const detail = await errorDetail(response);
    throw HostFailure.ofStatus(
      nameOf(host),
      response.status,
      `${nameOf(host)} answered ${response.status} to ${ask.path}${detail}`,
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
    if (first.status !== 401 || challenge === undefined) return first;
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
    try {
      return await this.#parts.transport.request({
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
    } catch (error) {
      throw HostFailure.ofNetwork(nameOf(host), error);
    }
  }

  async #each<T>(capability: Capability, signal: AbortSignal, ask: (host: RegistryHost) => Promise<T>): Promise<T> {
    const hosts = this.#hosts.filter(({ capabilities }) => capabilities.includes(capability));
    for (let round = 1; ; round += 1) {
      const failures: HostFailure[] = [];
      for (const host of hosts) {
        try {
          return await ask(host);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof HostFailure)) throw error;
          failures.push(error);
        }
      }
      const last = failures.at(-1);
      if (last === undefined || !last.retryable || round === MAX_ROUNDS) throw this.#summary(failures, capability);
      await delay(BACKOFF_MS * 2 ** (round - 1) * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }

  /** The registry itself is asked last: its answer decides, the mirrors' stand behind it. */
  #summary(failures: readonly HostFailure[], capability: Capability): BoxError {
    const image = formatReference(this.#reference);
    const last = failures.at(-1);
    if (last === undefined)
      return new BoxError(
        'CONFIG_INVALID',
        `no host of ${this.#reference.host} may ${capability}: see its hosts.toml (image ${image})`,
      );
    const details = failures
      .toReversed()
      .map(({ message }) => message)
      .join('; ');
    return new BoxError(last.reason, `${summaryText(last.reason)} ${image}: ${details}`, { cause: last });
  }
}

function summaryText(reason: HostFailure['reason']): string {
  switch (reason) {
    case 'IMAGE_NOT_FOUND':
      return 'image not found:';
    case 'REGISTRY_DENIED':
      return 'registry denied access (is a pull secret missing or wrong?):';
    case 'REGISTRY_UNAVAILABLE':
      return 'registry unavailable:';
    case 'REGISTRY_ANSWER':
      return 'registry gave a wrong answer:';
  }
}

async function readBody(host: RegistryHost, response: HttpResponse, limit: number): Promise<Buffer | undefined> {
  try {
    return await readUpTo(response, limit);
  } catch (error) {
    throw HostFailure.ofNetwork(nameOf(host), error);
  }
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
