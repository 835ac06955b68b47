import { createHash } from 'node:crypto';
import { z } from 'zod';

/** `sha256:<64 lower-case hex>`: the only algorithm registries use in practice, and the only one taken here. */
export const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'digest is not sha256:<64 hex digits>');

export function isDigest(text: string): boolean {
  return digestSchema.safeParse(text).success;
}

export function sha256Digest(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The hex part of a digest, used as file name. */
export function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}
