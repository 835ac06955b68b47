/** The body of a blob's GET, possibly the rest of one whose first bytes are already here. */
import type { Descriptor } from '../manifest.ts';
import { fromNetwork, HostFailure } from './host-failure.ts';
import type { HttpResponse } from './transport.ts';

export interface BlobTransfer {
  readonly host: string;
  readonly descriptor: Descriptor;
  /** Bytes that were received before. */
  readonly offset: number;
  readonly write: (chunk: Buffer) => Promise<void>;
}

/** Writes the bytes from `offset` on. @throws HostFailure (retryable if the transfer broke), or what `write` throws. */
export async function streamBody(response: HttpResponse, transfer: BlobTransfer): Promise<void> {
  const { host, descriptor, offset, write } = transfer;
  // A server without ranges sends everything again: the digest covers both, so the same bytes may be left out.
  let toSkip = response.status === 206 ? 0 : offset;
  if (response.status === 206 && !rangeStartsAt(response, offset))
    throw wrongBlob(transfer, 'sent another range than asked for');
  let position = offset - toSkip;
  const body = response.body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const chunk = await nextChunk(body, host);
      if (chunk === undefined) break;
      position += chunk.length;
      if (position > descriptor.size) throw wrongBlob(transfer, `sent more than its ${descriptor.size} bytes`);
      const fresh = chunk.subarray(Math.min(toSkip, chunk.length));
      toSkip -= chunk.length - fresh.length;
      if (fresh.length > 0) await write(fresh);
    }
  } finally {
    response.body.destroy();
  }
  if (position < descriptor.size)
    throw wrongBlob(transfer, `ended it after ${position} of ${descriptor.size} bytes`, true);
}

async function nextChunk(body: AsyncIterator<Buffer>, host: string): Promise<Buffer | undefined> {
  const next = await fromNetwork(host, body.next());
  return next.done === true ? undefined : next.value;
}

function wrongBlob({ host, descriptor }: BlobTransfer, problem: string, retryable = false): HostFailure {
  return new HostFailure(host, 'REGISTRY_ANSWER', `${host} answered blob ${descriptor.digest}: ${problem}`, {
    retryable,
  });
}

function rangeStartsAt(response: HttpResponse, offset: number): boolean {
  return response.headers['content-range']?.startsWith(`bytes ${offset}-`) ?? false;
}
