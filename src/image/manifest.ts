/** Image manifests and indexes: OCI image-spec manifest.md and image-index.md, Docker image manifest v2 schema 2. */
import { z } from 'zod';
import { BoxError } from '../errors.ts';
import { digestSchema } from './digest.ts';

export const MAX_MANIFEST_BYTES = 4 << 20;
export const MAX_CONFIG_BYTES = 8 << 20;
/** overlayfs stacks at most 500 layers. */
const MAX_LAYERS = 500;

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const SCHEMA1_PREFIX = 'application/vnd.docker.distribution.manifest.v1+';

/** Value of the Accept header for manifests. */
export const manifestAccept = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].join(', ');

const configTypes: readonly string[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
  // Early pushes of schema 2 images named no type for their config.
  'application/octet-stream',
];

const layerTypes: readonly string[] = [
  'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.oci.image.layer.v1.tar+zstd',
  'application/vnd.docker.image.rootfs.diff.tar',
  'application/vnd.docker.image.rootfs.diff.tar.gzip',
  'application/vnd.docker.image.rootfs.diff.tar.zstd',
  'application/vnd.docker.container.image.rootfs.diff+x-gtar',
];

const descriptorSchema = z.object({
  mediaType: z.string(),
  digest: digestSchema,
  size: z.int().nonnegative(),
});
export type Descriptor = z.infer<typeof descriptorSchema>;

const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema),
});

const indexSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  manifests: z.array(
    descriptorSchema.extend({
      platform: z.object({ architecture: z.string(), os: z.string(), variant: z.string().optional() }).optional(),
    }),
  ),
});
type IndexEntry = z.infer<typeof indexSchema>['manifests'][number];

export interface ImageManifest {
  readonly kind: 'image';
  readonly config: Descriptor;
  /** Bottom first. */
  readonly layers: readonly Descriptor[];
}

export interface ImageIndex {
  readonly kind: 'index';
  /** The manifest to take for linux/amd64. */
  readonly chosen: Descriptor;
}

function bad(what: string, problem: string, cause?: unknown): BoxError {
  return new BoxError('MANIFEST_INVALID', `manifest of ${what}: ${problem}`, { cause });
}

function parseJson(bytes: Buffer, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw bad(what, 'it is not JSON', error);
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(value);
  if (!parsed.success) throw bad(what, 'it is not a JSON object');
  return parsed.data;
}

/** The one type a document has, from its own field, the Content-Type header, or its shape. */
function documentType(document: Record<string, unknown>, contentType: string, what: string): 'index' | 'manifest' {
  // A document that is both could be read differently by two clients (CVE-2021-41190).
  if ('manifests' in document && ('layers' in document || 'config' in document))
    throw bad(what, 'it is an index and a manifest at once');
  const own = typeof document['mediaType'] === 'string' ? document['mediaType'] : contentType;
  if (own.startsWith(SCHEMA1_PREFIX) || document['schemaVersion'] === 1) {
    throw bad(what, 'it has the old Docker schema 1, which is not supported: push the image again with a current tool');
  }
  if (own === OCI_INDEX || own === DOCKER_LIST) return 'index';
  if (own === OCI_MANIFEST || own === DOCKER_MANIFEST) return 'manifest';
  if ('manifests' in document) return 'index';
  if ('config' in document && 'layers' in document) return 'manifest';
  throw bad(what, `its type ${JSON.stringify(own.slice(0, 100))} is not that of an image`);
}

/**
 * Parses a manifest or index. `what` names the image in errors.
 * @throws BoxError MANIFEST_INVALID, also for artefacts, foreign or encrypted layers and missing platforms.
 */
export function parseManifest(bytes: Buffer, contentType: string, what: string): ImageManifest | ImageIndex {
  const document = parseJson(bytes, what);
  if (documentType(document, contentType, what) === 'index') {
    const parsed = indexSchema.safeParse(document);
    if (!parsed.success) throw bad(what, z.prettifyError(parsed.error), parsed.error);
    return { kind: 'index', chosen: choosePlatform(parsed.data.manifests, what) };
  }
  const parsed = manifestSchema.safeParse(document);
  if (!parsed.success) throw bad(what, z.prettifyError(parsed.error), parsed.error);
  const { config, layers } = parsed.data;
  checkConfigType(config, what);
  for (const layer of layers) checkLayerType(layer, what);
  if (layers.length > MAX_LAYERS) throw bad(what, `it has ${layers.length} layers, more than ${MAX_LAYERS}`);
  if (config.size > MAX_CONFIG_BYTES)
    throw bad(what, `its config has ${config.size} bytes, more than ${MAX_CONFIG_BYTES}`);
  return { kind: 'image', config, layers };
}

function checkConfigType(config: Descriptor, what: string): void {
  if (!configTypes.includes(config.mediaType))
    throw bad(what, `it is an artefact of type ${config.mediaType}, not a container image`);
}

function checkLayerType(layer: Descriptor, what: string): void {
  const { mediaType, digest } = layer;
  if (layerTypes.includes(mediaType)) return;
  if (mediaType.includes('nondistributable') || mediaType.includes('foreign')) {
    throw bad(what, `layer ${digest} is a foreign one (${mediaType}) that registries do not serve`);
  }
  if (mediaType.endsWith('+encrypted')) throw bad(what, `layer ${digest} is encrypted, which is not supported`);
  throw bad(what, `layer ${digest} has the unknown type ${mediaType}`);
}

/** linux/amd64 without variant first, then v1 and v2 (every x86_64 with KVM has v2's instructions; v3 is not certain). */
const variants: readonly (string | undefined)[] = [undefined, '', 'v1', 'v2'];

function choosePlatform(entries: readonly IndexEntry[], what: string): Descriptor {
  for (const variant of variants) {
    const match = entries.find(
      ({ platform }) => platform?.os === 'linux' && platform.architecture === 'amd64' && platform.variant === variant,
    );
    if (match !== undefined) return match;
  }
  // No platform given: the config will say whether it fits.
  const unnamed = entries.find(({ platform }) => platform === undefined);
  if (unnamed !== undefined) return unnamed;
  const found = entries.map(({ platform }) => `${platform?.os}/${platform?.architecture}`).join(', ');
  throw bad(what, `it has no image for linux/amd64 (it has: ${found.slice(0, 300) || 'nothing'})`);
}
