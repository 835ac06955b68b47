/** The registry client: what outlives one pull (connections, tokens, manifests). */
import { LRUCache } from 'lru-cache';
import type { RegistryAuth } from '../image-service.ts';
import type { ImageReference } from '../reference.ts';
import { Authenticator } from './authenticator.ts';
import { HostRounds } from './host-rounds.ts';
import { loadRegistryHosts } from './hosts.ts';
import { RepositoryRequests } from './repository-requests.ts';
import { RepositorySession } from './repository-session.ts';
import { HttpTransport } from './transport.ts';

/** A manifest as a registry gave it; its digest is its cache key. */
export interface ManifestDocument {
  readonly bytes: Buffer;
  readonly contentType: string;
}

export interface RegistryCacheSizes {
  /** Authorization headers kept. */
  readonly tokens: number;
  /** Bytes of manifests kept. */
  readonly manifestBytes: number;
}

export const defaultCacheSizes: RegistryCacheSizes = { tokens: 256, manifestBytes: 8 << 20 };

export class RegistryClient {
  readonly #configDir: string;
  readonly #transport = new HttpTransport();
  readonly #authenticator: Authenticator;
  readonly #manifests: LRUCache<string, ManifestDocument>;

  constructor(configDir: string, sizes: RegistryCacheSizes) {
    this.#configDir = configDir;
    this.#authenticator = new Authenticator(this.#transport, sizes.tokens);
    this.#manifests = new LRUCache({
      maxSize: sizes.manifestBytes,
      sizeCalculation: ({ bytes }) => bytes.length + 256,
    });
  }

  /** Opens the repository of a reference; mirrors are read from the configuration now. @throws BoxError CONFIG_INVALID. */
  async open(reference: ImageReference, auth: RegistryAuth | undefined): Promise<RepositorySession> {
    const hosts = await loadRegistryHosts(this.#configDir, reference.host);
    const parts = { transport: this.#transport, authenticator: this.#authenticator };
    return new RepositorySession({
      reference,
      rounds: new HostRounds(reference, hosts),
      requests: new RepositoryRequests(parts, reference, auth),
      manifests: this.#manifests,
    });
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }
}
