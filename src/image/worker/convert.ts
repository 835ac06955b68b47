/**
 * One job of a layer worker: blob bytes become one EROFS file, with both digests checked. Making it durable is left to the
 * daemon, which publishes it (Node's permission model allows no fsync in here).
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { BoxError, errnoOf, isBoxError, messageOf } from '../../errors.ts';
import { decompress } from '../layer/compression.ts';
import { type BuiltLayer, LayerBuilder } from '../layer/layer-builder.ts';
import type { BlobInput } from './blob-input.ts';
import type { LayerJob } from './protocol.ts';

/**
 * Makes `job.path`. On an error the file is left as it is, for the caller to remove.
 * @throws BoxError LAYER_INVALID, LAYER_LIMIT, DIGEST_MISMATCH (of the blob), MANIFEST_INVALID (of the tar) or DISK_FULL.
 */
export async function convertLayer(job: LayerJob, input: BlobInput): Promise<BuiltLayer> {
  // O_EXCL (no link is followed either): the folder is ours, but nothing there is ever written over.
  const fd = openSync(job.path, 'wx', 0o600);
  try {
    return await build(fd, job, input);
  } catch (error) {
    throw await explain(error, job, input);
  } finally {
    closeSync(fd);
  }
}

async function build(fd: number, job: LayerJob, input: BlobInput): Promise<BuiltLayer> {
  const builder = new LayerBuilder(fd, job.limits);
  const tarHash = createHash('sha256');
  for await (const chunk of decompress(input.chunks())) {
    tarHash.update(chunk);
    builder.push(chunk);
  }
  await checkDigest(job, input);
  const tarDigest = tarHash.digest();
  const diffId = `sha256:${tarDigest.toString('hex')}`;
  if (diffId !== job.diffId) {
    // The blob is what the manifest says, so config and manifest do not belong together.
    throw new BoxError(
      'MANIFEST_INVALID',
      `layer ${job.digest} unpacks to ${diffId}, but the image config says ${job.diffId}`,
    );
  }
  return builder.finish(tarDigest.subarray(0, 16));
}

async function checkDigest(job: LayerJob, input: BlobInput): Promise<void> {
  const digest = await input.digest();
  if (digest !== job.digest) {
    throw new BoxError(
      'DIGEST_MISMATCH',
      `layer ${job.digest} arrived with digest ${digest}: the registry or something on the way changed it`,
    );
  }
}

/** A blob damaged on its way shows as a broken archive first: the rest is read to tell the two apart. */
async function explain(error: unknown, job: LayerJob, input: BlobInput): Promise<unknown> {
  if (errnoOf(error) === 'ENOSPC' || errnoOf(error) === 'EDQUOT') {
    return new BoxError(
      'DISK_FULL',
      `no space left for layer ${job.digest} at ${job.path}: free space there or remove images`,
      { cause: error },
    );
  }
  if (!isBoxError(error, 'LAYER_INVALID')) return error;
  try {
    await checkDigest(job, input);
  } catch (damage) {
    return damage;
  }
  return new BoxError('LAYER_INVALID', `layer ${job.digest}: ${messageOf(error)}`, { cause: error });
}
