/**
 * The image service: what is pulled, under which names, and its layers on disk.
 *
 * INVARIANTS
 * - list() and find() read memory only; an image is visible if and only if its record and all its layers are on disk.
 * - Layers of a pull in progress and of a linkLayers in progress are held: no collection takes them.
 */
import { BoxError, isBoxError, messageOf } from '../errors.ts';
import type { ImageLog } from './image-log.ts';
import { abortError, type PullParts, pullImage } from './image-puller.ts';
import type { Image, ImageFsUsage, ImageService, LinkedLayer, RegistryAuth } from './image-service.ts';
import { formatReference, parseReference } from './reference.ts';
import type { ImageRecord } from './store/image-records.ts';
import type { LayerWorkerPool } from './worker/pool.ts';

export interface ImageStoreParts extends PullParts {
  readonly root: string;
  readonly workers: LayerWorkerPool;
  readonly log: ImageLog;
}

/** Layer errors know their layer only. */
function named(error: unknown, name: string): unknown {
  if (!isBoxError(error) || error.message.includes(name)) return error;
  return new BoxError(error.reason, `pull of ${name}: ${error.message}`, { cause: error });
}

export class ImageStore implements ImageService {
  readonly #parts: ImageStoreParts;
  readonly #closing = new AbortController();
  readonly #pulls = new Set<Promise<unknown>>();

  constructor(parts: ImageStoreParts) {
    this.#parts = parts;
  }

  list(): readonly Image[] {
    return this.#parts.records.list().map((record) => this.#toImage(record));
  }

  find(reference: string): Image | undefined {
    const record = this.#parts.records.find(reference);
    return record === undefined ? undefined : this.#toImage(record);
  }

  async pull(reference: string, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<Image> {
    const parsed = parseReference(reference);
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const name = formatReference(parsed);
    const started = performance.now();
    const pull = pullImage(this.#parts, parsed, auth, either);
    this.#pulls.add(pull);
    try {
      const image = this.#toImage(await pull);
      this.#parts.log.info(
        { image: name, id: image.id, milliseconds: Math.round(performance.now() - started) },
        'image pulled',
      );
      return image;
    } catch (error) {
      // Layers that were finished before the failure belong to no image.
      await this.#collectQuietly();
      // Aborted requests fail in many ways; there is one thing to say about them.
      throw either.aborted ? abortError(either, name) : named(error, name);
    } finally {
      this.#pulls.delete(pull);
    }
  }

  async remove(reference: string): Promise<void> {
    const record = this.#parts.records.find(reference);
    if (record === undefined) return;
    this.#parts.records.delete(record.id);
    await this.collectLayers();
  }

  async usage(): Promise<ImageFsUsage> {
    const { layers, records, root } = this.#parts;
    const { bytes, files } = layers.usage;
    const images = records.list();
    const configBytes = images.reduce((sum, { configSize }) => sum + configSize, 0);
    return { mountpoint: root, usedBytes: bytes + configBytes, inodesUsed: files + images.length };
  }

  async linkLayers(imageId: string, dir: string): Promise<readonly LinkedLayer[]> {
    const record = this.#parts.records.find(imageId);
    if (record === undefined) throw new BoxError('IMAGE_NOT_FOUND', `image ${imageId} is not here: pull it first`);
    const diffIds = record.layers.map(({ diffId }) => diffId);
    const release = this.#parts.layers.hold(diffIds);
    try {
      return await this.#parts.layers.link(diffIds, dir);
    } finally {
      release();
      // The image may have been removed meanwhile, with its layers held here.
      await this.collectLayers();
    }
  }

  /** Removes layers that no image uses; part of remove() and of the start. */
  async collectLayers(): Promise<void> {
    const used = new Set(this.#parts.records.list().flatMap(({ layers }) => layers.map(({ diffId }) => diffId)));
    await this.#parts.layers.collect((diffId) => used.has(diffId));
  }

  /** For a caller that has an error of its own to report. */
  async #collectQuietly(): Promise<void> {
    try {
      await this.collectLayers();
    } catch (error) {
      this.#parts.log.warn({ error: messageOf(error) }, 'unused layers could not be removed');
    }
  }

  /** Ends pulls, workers and connections. Files stay as they are. */
  async close(): Promise<void> {
    this.#closing.abort(new BoxError('CANCELLED', 'the image store is closing'));
    await Promise.allSettled(this.#pulls);
    await Promise.all([this.#parts.workers.close(), this.#parts.client.close()]);
  }

  #toImage(record: ImageRecord): Image {
    const diffIds = record.layers.map(({ diffId }) => diffId);
    const layerBytes = [...new Set(diffIds)].reduce((sum, diffId) => sum + this.#parts.layers.sizeOf(diffId), 0);
    return {
      id: record.id,
      repoTags: record.repoTags,
      repoDigests: record.repoDigests,
      size: layerBytes + record.configSize,
      config: record.config,
      diffIds,
      pinned: false,
    };
  }
}
