import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { removeLeftover } from '../remove-leftover.ts';
import type { ImageLog } from './image-log.ts';
import { ImageStore } from './image-store.ts';
import { defaultLayerLimits, type LayerLimits } from './layer/limits.ts';
import { LayerFetcher } from './layer-fetcher.ts';
import { defaultCacheSizes, type RegistryCacheSizes, RegistryClient } from './registry/client.ts';
import { fileError } from './store/durable-file.ts';
import { ImageRecords } from './store/image-records.ts';
import { LayerStore } from './store/layer-store.ts';
import { type StorePaths, storePaths } from './store/paths.ts';
import { LayerWorkerPool } from './worker/pool.ts';

/** Layers of one pull fetched at once. */
const PER_PULL = 2;
/** Of one registry, by all pulls together: a pull whose blobs hang leaves others of the registry their share. */
const PER_REGISTRY = 2 * PER_PULL;
/** Of all registries, one worker process each: so many must hang at the same time that an image from another has to wait. */
const WORKERS = 3 * PER_REGISTRY;

export interface ImageStoreOptions {
  /** The daemon's root, such as /var/lib/a3s-box. Layers, images and ingest are made below it. */
  readonly root: string;
  /** A folder of `<host>/hosts.toml`, such as /etc/containerd/certs.d; it need not exist. */
  readonly registryConfigDir: string;
  readonly log: ImageLog;
  readonly cacheSizes?: Partial<RegistryCacheSizes>;
  readonly layerLimits?: Partial<LayerLimits>;
}

/**
 * Opens the image store: reads the records, sets bad ones aside, removes what a crash left behind.
 * @throws BoxError INTERNAL or DISK_FULL naming the path if the folders cannot be used.
 */
export async function openImageStore(options: ImageStoreOptions): Promise<ImageStore> {
  const { root, log } = options;
  const paths = storePaths(path.resolve(root));
  await prepareFolders(paths, log);
  const layers = await LayerStore.open(paths, log);
  const records = new ImageRecords(paths, log, (diffId) => layers.has(diffId));
  const client = new RegistryClient(options.registryConfigDir, { ...defaultCacheSizes, ...options.cacheSizes });
  const workers = new LayerWorkerPool({ size: WORKERS, perRegistry: PER_REGISTRY, ingestDir: paths.ingest });
  const fetcher = new LayerFetcher(layers, workers, { ...defaultLayerLimits, ...options.layerLimits }, log);
  const store = new ImageStore({
    root: paths.root,
    client,
    fetcher,
    layers,
    records,
    workers,
    parallelLayers: PER_PULL,
    log,
  });
  await store.collectLayers();
  return store;
}

async function prepareFolders(paths: StorePaths, log: ImageLog): Promise<void> {
  try {
    for (const folder of [paths.layers, paths.images, paths.ingest])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(paths.ingest))
      await removeLeftover('unfinished file', path.join(paths.ingest, name), log);
  } catch (error) {
    throw fileError(error, paths.root, 'cannot be used as image store');
  }
}
