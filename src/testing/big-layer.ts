/** A layer that arrives in several pieces, for transfers that go wrong in the middle. */
import { gzipSync } from 'node:zlib';
import { archive, file } from './tar-builder.ts';

export const bigTar = archive(
  file('big', Buffer.from(Array.from({ length: 400_000 }, (_, index) => (index * 7919) % 251))),
);

/** gzip without compression: the blob is as large as the tar. */
export function store0(bytes: Buffer): Buffer {
  return gzipSync(bytes, { level: 0 });
}

/** A copy with one bit turned, behind every header. */
export function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(5000) ^ 1, 5000);
  return copy;
}
