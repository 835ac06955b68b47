/**
 * Brings layers from a registry into the layer store.
 *
 * INVARIANTS
 * - Two pulls that want the same blob for the same diffID from the same registry share one transfer; it lives as long as one of them
 *   does. Those from another registry do not wait for it: it may hang.
 * - An ingest file is either published or removed before a transfer ends.
 */
import { rm } from 'node:fs/promises';
import { type ErrorReason, isBoxError } from '../errors.ts';
import { failpoint } from '../failpoints/failpoint.ts';
import { SharedFlights } from '../shared-flight.ts';
import type { ImageLog } from './image-log.ts';
import type { LayerLimits } from './layer/limits.ts';
import type { Descriptor } from './manifest.ts';
import type { BlobDownload } from './registry/blob-download.ts';
import type { RepositorySession } from './registry/repository-session.ts';
import type { LayerStore } from './store/layer-store.ts';
import type { LayerWorkerPool } from './worker/pool.ts';

export interface WantedLayer {
  readonly diffId: string;
  readonly blob: Descriptor;
}

/**
 * Failures that lie with the registry which a transfer came from, or with the credentials: those of another pull may do better.
 * A limit is among them, for it is reached before the bytes are known to be the layer's.
 */
const sourceReasons = [
  'IMAGE_NOT_FOUND',
  'REGISTRY_DENIED',
  'REGISTRY_UNAVAILABLE',
  'REGISTRY_ANSWER',
  'DIGEST_MISMATCH',
  'LAYER_LIMIT',
] as const satisfies readonly ErrorReason[];

export class LayerFetcher {
  readonly #store: LayerStore;
  readonly #workers: LayerWorkerPool;
  readonly #limits: LayerLimits;
  readonly #log: ImageLog;
  readonly #flights = new SharedFlights<void>();

  constructor(store: LayerStore, workers: LayerWorkerPool, limits: LayerLimits, log: ImageLog) {
    this.#store = store;
    this.#workers = workers;
    this.#limits = limits;
    this.#log = log;
  }

  /** Makes sure that the layer is in the store; the caller holds it there. @throws BoxError, or the signal's reason. */
  async fetch(layer: WantedLayer, session: RepositorySession, signal: AbortSignal): Promise<void> {
    if (this.#store.has(layer.diffId)) return;
    const key = `${session.registry} ${layer.diffId} ${layer.blob.digest} ${layer.blob.size}`;
    const isOurs = !this.#flights.has(key);
    const join = (): Promise<void> =>
      this.#flights.join(key, signal, (flightSignal) => this.#transfer(layer, session, flightSignal));
    try {
      await join();
    } catch (error) {
      if (isOurs || signal.aborted || !isBoxError(error, ...sourceReasons)) throw error;
      await join();
    }
  }

  /** A host that holds a damaged copy must not keep the layer away: the others are asked for it. */
  async #transfer(layer: WantedLayer, session: RepositorySession, signal: AbortSignal): Promise<void> {
    if (this.#store.has(layer.diffId)) return;
    const download = session.download(layer.blob);
    for (;;) {
      try {
        await this.#bring(layer, session.registry, download, signal);
        return;
      } catch (error) {
        if (!isBoxError(error, 'DIGEST_MISMATCH') || signal.aborted) throw error;
        const ruledOut = download.ruleOutServers();
        if (ruledOut.length === 0) throw error;
        this.#log.warn(
          { digest: layer.blob.digest, hosts: ruledOut },
          'layer arrived damaged: other hosts are asked for it',
        );
      }
    }
  }

  async #bring(
    { diffId, blob }: WantedLayer,
    registry: string,
    download: BlobDownload,
    signal: AbortSignal,
  ): Promise<void> {
    const ingestPath = this.#store.newIngestPath();
    const started = performance.now();
    try {
      const job = {
        kind: 'layer',
        path: ingestPath,
        digest: blob.digest,
        diffId,
        blobSize: blob.size,
        limits: this.#limits,
      } as const;
      const { droppedXattrs, ...layer } = await this.#workers.run(
        registry,
        job,
        (write) => download.stream(write, signal),
        signal,
      );
      await failpoint('pull.layer-converted');
      signal.throwIfAborted();
      await this.#store.publish(diffId, ingestPath, layer);
      await failpoint('pull.layer-published');
      if (droppedXattrs.length > 0)
        this.#log.warn({ diffId, droppedXattrs }, 'layer has extended attributes that were left out');
      this.#log.info(
        {
          diffId,
          blobBytes: blob.size,
          tarBytes: layer.tarSize,
          milliseconds: Math.round(performance.now() - started),
        },
        'layer stored',
      );
    } finally {
      await rm(ingestPath, { force: true });
    }
  }
}
