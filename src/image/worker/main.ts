/**
 * A layer worker: a process of its own, so that hostile archives meet neither the daemon's memory nor its event loop.
 * It serves one job at a time for as long as its parent lives.
 */
import { BoxError, messageOf } from '../../errors.ts';
import { BlobInput } from './blob-input.ts';
import { convertLayer } from './convert.ts';
import type { LayerJob, WorkerReason, WorkerReply } from './protocol.ts';

/** The parent is our own code, so this only guards against a message meant for somebody else (and spares zod's 50 ms). */
function isJob(message: unknown): message is LayerJob {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'layer';
}

function reasonOf(error: unknown): WorkerReason {
  if (!(error instanceof BoxError)) return 'INTERNAL';
  const { reason } = error;
  return reason === 'LAYER_INVALID' ||
    reason === 'LAYER_LIMIT' ||
    reason === 'DIGEST_MISMATCH' ||
    reason === 'MANIFEST_INVALID' ||
    reason === 'DISK_FULL'
    ? reason
    : 'INTERNAL';
}

async function answer(job: LayerJob): Promise<WorkerReply> {
  try {
    const result = await convertLayer(job, new BlobInput(process.stdin, job.blobSize));
    return {
      kind: 'done',
      result: { ...result, impliedDirs: [...result.impliedDirs], droppedXattrs: [...result.droppedXattrs] },
    };
  } catch (error) {
    const reason = reasonOf(error);
    const message = reason === 'INTERNAL' ? `layer ${job.digest}: ${messageOf(error)}` : messageOf(error);
    return { kind: 'failed', reason, message };
  }
}

process.on('message', (message: unknown) => {
  if (isJob(message)) void answer(message).then((reply) => process.send?.(reply));
});
// The parent is gone, whatever happened to it.
process.on('disconnect', () => process.exit(0));
