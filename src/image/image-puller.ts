/** One pull: reference → manifest → config → layers → record. */
import { BoxError, isBoxError } from '../errors.ts';
import { failpoint } from '../failpoints/failpoint.ts';
import { parseImageConfig } from './image-config.ts';
import type { RegistryAuth } from './image-service.ts';
import type { LayerFetcher, WantedLayer } from './layer-fetcher.ts';
import { type ImageManifest, parseManifest } from './manifest.ts';
import { formatReference, type ImageReference, repositoryOf } from './reference.ts';
import type { RegistryClient } from './registry/client.ts';
import type { RepositorySession } from './registry/repository-session.ts';
import type { ImageRecord, ImageRecords } from './store/image-records.ts';
import type { LayerStore } from './store/layer-store.ts';

/** An index may point at another one, but not for ever. */
const MAX_INDEX_DEPTH = 3;

export interface PullParts {
  readonly client: RegistryClient;
  readonly fetcher: LayerFetcher;
  readonly layers: LayerStore;
  readonly records: ImageRecords;
  /** Layers of one pull fetched at once. */
  readonly parallelLayers: number;
}

interface ResolvedManifest {
  readonly digest: string;
  readonly manifest: ImageManifest;
}

/** Pulls an image and records it. @throws BoxError, or the signal's reason. */
export async function pullImage(
  parts: PullParts,
  reference: ImageReference,
  auth: RegistryAuth | undefined,
  signal: AbortSignal,
): Promise<ImageRecord> {
  const session = await parts.client.open(reference, auth);
  const asked = await session.resolve((digest) => parts.records.findByDigest(digest) !== undefined, signal);
  await failpoint('pull.resolved');
  const known = parts.records.findByDigest(asked);
  if (known !== undefined) return record(parts, reference, asked, known);
  const what = formatReference(reference);
  const { digest, manifest } = await resolveManifest(session, asked, what, signal);
  await failpoint('pull.manifest-read');
  const { config, diffIds } = parseImageConfig(await session.blob(manifest.config, signal), what);
  await failpoint('pull.config-read');
  if (diffIds.length !== manifest.layers.length) {
    throw new BoxError(
      'MANIFEST_INVALID',
      `manifest of ${what} has ${manifest.layers.length} layers, but its config has ${diffIds.length}`,
    );
  }
  const wanted = manifest.layers.map((blob, index) => ({ blob, diffId: diffIds[index] ?? '' }));
  const release = parts.layers.hold(diffIds);
  try {
    await fetchAll(parts, wanted, session, signal);
    parts.layers.sync();
    await failpoint('pull.layers-synced');
    const image = record(parts, reference, asked, {
      version: 1,
      id: manifest.config.digest,
      repoTags: [],
      repoDigests: [],
      pulledAt: 0,
      configSize: manifest.config.size,
      config: { ...config, env: [...config.env], entrypoint: [...config.entrypoint], cmd: [...config.cmd] },
      manifestDigest: digest,
      layers: wanted.map(({ diffId, blob }) => ({
        diffId,
        digest: blob.digest,
        size: blob.size,
        mediaType: blob.mediaType,
      })),
    });
    await failpoint('pull.recorded');
    return image;
  } finally {
    release();
  }
}

async function resolveManifest(
  session: RepositorySession,
  asked: string,
  what: string,
  signal: AbortSignal,
): Promise<ResolvedManifest> {
  let digest = asked;
  for (let depth = 0; depth < MAX_INDEX_DEPTH; depth += 1) {
    const { bytes, contentType } = await session.manifest(digest, signal);
    const parsed = parseManifest(bytes, contentType, what);
    if (parsed.kind === 'image') return { digest, manifest: parsed };
    digest = parsed.chosen.digest;
  }
  throw new BoxError('MANIFEST_INVALID', `manifest of ${what}: indexes are nested more than ${MAX_INDEX_DEPTH} deep`);
}

/** A few layers at a time, the first error ends the others. */
async function fetchAll(
  parts: PullParts,
  wanted: readonly WantedLayer[],
  session: RepositorySession,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const queue = [...new Map(wanted.map((layer) => [layer.diffId, layer])).values()].reverse();
  const lane = async (): Promise<void> => {
    for (let layer = queue.pop(); layer !== undefined; layer = queue.pop())
      await parts.fetcher.fetch(layer, session, either);
  };
  const lanes = Array.from({ length: parts.parallelLayers }, () =>
    lane().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  // All lanes have ended before this returns, so nothing of the pull runs on behind a failed one.
  await Promise.allSettled(lanes);
  either.throwIfAborted();
}

/** Joins what is known of the image under its other names with this reference, and saves it. */
function record(parts: PullParts, reference: ImageReference, asked: string, image: ImageRecord): ImageRecord {
  const known = parts.records.get(image.id);
  const digestName = `${repositoryOf(reference)}@${asked}`;
  const tags = reference.digest === undefined ? [formatReference(reference)] : [];
  const joined: ImageRecord = {
    ...image,
    repoTags: [...new Set([...(known?.repoTags ?? []), ...tags])],
    repoDigests: [...new Set([...(known?.repoDigests ?? []), digestName])],
    pulledAt: Date.now(),
  };
  parts.records.put(joined);
  return joined;
}

/** What a caller that gave up is told. */
export function abortError(signal: AbortSignal, what: string): BoxError {
  const reason: unknown = signal.reason;
  if (isBoxError(reason)) return reason;
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError';
  return isTimeout
    ? new BoxError('DEADLINE', `pull of ${what} was not done in time`, { cause: reason })
    : new BoxError('CANCELLED', `pull of ${what} was cancelled`, { cause: reason });
}
