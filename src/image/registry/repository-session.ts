/**
 * One pull's view of a repository: requests go to its hosts in rounds.
 *
 * INVARIANT: nothing that does not match its digest and size leaves this class, but for downloads, whose digest the
 * receiver checks.
 */
import type { LRUCache } from 'lru-cache';
import { isDigest, sha256Digest } from '../digest.ts';
import type { Descriptor } from '../manifest.ts';
import type { ImageReference } from '../reference.ts';
import { BlobDownload } from './blob-download.ts';
import type { ManifestDocument } from './client.ts';
import { HostFailure } from './host-failure.ts';
import type { HostRounds } from './host-rounds.ts';
import { nameOf, type RegistryHost } from './hosts.ts';
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

  /** `HOST[:PORT]` as references name it, whichever mirrors it has. */
  get registry(): string {
    return this.#parts.reference.host;
  }

  /**
   * The digest of the manifest or index that the reference means now, by HEAD where the registry tells it (it costs no
   * download and is not counted by rate limits). A digest is asked for as well, even that of an image which is here: whether
   * these credentials may have it is the registry's to say, and kubelet remembers the answer.
   * `isHere` says whether an image of this digest is. @throws BoxError IMAGE_NOT_FOUND or REGISTRY_*.
   */
  async resolve(isHere: (digest: string) => boolean, signal: AbortSignal): Promise<string> {
    const { rounds, requests, reference, manifests } = this.#parts;
    const { digest, tag = 'latest' } = reference;
    const wanted = digest ?? tag;
    // Its manifest is read next: the GET tells as much as a HEAD before it would.
    const isReadNext = digest !== undefined && !isHere(digest) && !manifests.has(digest);
    return rounds.ask(digest === undefined ? 'resolve' : 'pull', signal, async (host) => {
      const head = isReadNext ? undefined : await requests.headManifest(host, wanted, signal);
      const told = head?.status === 200 ? (head.headers['docker-content-digest'] ?? '') : '';
      // Some registries know no HEAD here, or answer it without a digest.
      if (!isDigest(told)) return sha256Digest((await this.#read(host, wanted, signal)).bytes);
      checkManifest(host, wanted, told);
      return told;
    });
  }

  /** A manifest or index by digest, from the cache if it is there. */
  async manifest(digest: string, signal: AbortSignal): Promise<ManifestDocument> {
    const { rounds, manifests } = this.#parts;
    return manifests.get(digest) ?? rounds.ask('pull', signal, (host) => this.#read(host, digest, signal));
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

  /** A large blob. */
  download(descriptor: Descriptor): BlobDownload {
    return new BlobDownload(descriptor, this.#parts.requests, this.#parts.rounds);
  }

  /** A manifest or index by tag or digest as a host has it now; it is kept. */
  async #read(host: RegistryHost, wanted: string, signal: AbortSignal): Promise<ManifestDocument> {
    const document = await this.#parts.requests.manifest(host, wanted, signal);
    const digest = sha256Digest(document.bytes);
    checkManifest(host, wanted, digest);
    this.#parts.manifests.set(digest, document);
    return document;
  }
}

/** @throws HostFailure if `wanted` is a digest and not this one. */
function checkManifest(host: RegistryHost, wanted: string, digest: string): void {
  if (isDigest(wanted) && digest !== wanted)
    throw new HostFailure(
      nameOf(host),
      'REGISTRY_ANSWER',
      `${nameOf(host)} answered manifest ${wanted} with one of digest ${digest}`,
    );
}
