/**
 * One pull's view of a repository: requests go to its hosts in rounds.
 *
 * INVARIANT: nothing that does not match its digest and size leaves this class, but for streamed blobs, whose digest the
 * receiver checks.
 */
import type { LRUCache } from 'lru-cache';
import { isDigest, sha256Digest } from '../digest.ts';
import type { Descriptor } from '../manifest.ts';
import type { ImageReference } from '../reference.ts';
import { streamBody } from './blob-body.ts';
import type { ManifestDocument } from './client.ts';
import { HostFailure } from './host-failure.ts';
import type { HostRounds } from './host-rounds.ts';
import { nameOf } from './hosts.ts';
import type { RepositoryRequests } from './repository-requests.ts';

interface SessionParts {
  readonly reference: ImageReference;
  readonly rounds: HostRounds;
  readonly requests: RepositoryRequests;
  readonly manifests: LRUCache<string, ManifestDocument>;
}

export class RepositorySession {
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /**
   * The digest of the manifest or index that the reference means now, by HEAD where the registry tells it (it costs no
   * download and is not counted by rate limits). @throws BoxError IMAGE_NOT_FOUND or REGISTRY_*.
   */
  async resolve(signal: AbortSignal): Promise<string> {
    const { rounds, requests, manifests, reference } = this.#parts;
    const { digest, tag = 'latest' } = reference;
    if (digest !== undefined) return digest;
    return rounds.ask('resolve', signal, async (host) => {
      const head = await requests.headManifest(host, tag, signal);
      const told = head.headers['docker-content-digest'] ?? '';
      if (head.status === 200 && isDigest(told)) return told;
      // Some registries know no HEAD here, or answer it without a digest.
      const document = await requests.manifest(host, tag, signal);
      const computed = sha256Digest(document.bytes);
      manifests.set(computed, document);
      return computed;
    });
  }

  /** A manifest or index by digest, from the cache if it is there. */
  async manifest(digest: string, signal: AbortSignal): Promise<ManifestDocument> {
    const { rounds, requests, manifests } = this.#parts;
    const cached = manifests.get(digest);
    if (cached !== undefined) return cached;
    return rounds.ask('pull', signal, async (host) => {
      const document = await requests.manifest(host, digest, signal);
      const actual = sha256Digest(document.bytes);
      if (actual !== digest)
        throw new HostFailure(
          nameOf(host),
          'REGISTRY_ANSWER',
          `${nameOf(host)} answered manifest ${digest} with one of digest ${actual}`,
        );
      manifests.set(digest, document);
      return document;
    });
  }

  /** A small blob, checked. */
  async blob(descriptor: Descriptor, signal: AbortSignal): Promise<Buffer> {
    const { rounds, requests } = this.#parts;
    return rounds.ask('pull', signal, async (host) => {
      const bytes = await requests.smallBlob(host, descriptor.digest, descriptor.size, signal);
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
    const { rounds, requests } = this.#parts;
    let received = 0;
    await rounds.ask('pull', signal, async (host) => {
      const response = await requests.blob(host, descriptor.digest, received, signal);
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
}
