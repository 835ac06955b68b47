/**
 * What the daemon and a layer worker say to each other. A job goes to the worker by IPC, then exactly `blobSize` bytes of the
 * blob on its stdin, then one reply comes back by IPC. The worker gets no credentials, no argv and no environment.
 */
import { z } from 'zod';
import type { ErrorReason } from '../../errors.ts';
import type { LayerLimits } from '../layer/limits.ts';

export interface LayerJob {
  readonly kind: 'layer';
  /** File to be made; it must not exist. */
  readonly path: string;
  /** `sha256:<hex>` of the blob as the manifest gives it. */
  readonly digest: string;
  /** `sha256:<hex>` of the uncompressed tar as the image config gives it. */
  readonly diffId: string;
  readonly blobSize: number;
  readonly limits: LayerLimits;
}

/** Reasons that a worker can give. */
export const workerReasons = [
  'LAYER_INVALID',
  'LAYER_LIMIT',
  'DIGEST_MISMATCH',
  'MANIFEST_INVALID',
  'DISK_FULL',
  'INTERNAL',
] as const satisfies readonly ErrorReason[];
export type WorkerReason = (typeof workerReasons)[number];

export const layerResultSchema = z.object({
  impliedDirs: z.array(z.string()),
  rootOpaque: z.boolean(),
  erofsSize: z.int().nonnegative(),
  tarSize: z.int().nonnegative(),
  droppedXattrs: z.array(z.string()),
});
export type LayerResult = z.infer<typeof layerResultSchema>;

export const workerReplySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('done'), result: layerResultSchema }),
  z.object({ kind: z.literal('failed'), reason: z.enum(workerReasons), message: z.string() }),
]);
export type WorkerReply = z.infer<typeof workerReplySchema>;
