/**
 * Images that a world has pulled, kept for the next worlds of the same test node: a pull in each of thirty files was a tenth of all
 * their time. Only in a test node, which is thrown away: what lies here was written by the daemon under test, and by no other.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Folders } from './daemon.ts';

/** What a daemon's root has of its images. */
const STORE = ['layers', 'images'];
const inTestNode = process.env['TESTNODE'] === '1';

function keptFor(images: readonly string[]): string {
  return join(tmpdir(), 'a3s-e2e-images', createHash('sha256').update(images.join('\n')).digest('hex'));
}

/** Before the daemon starts: gives it these images, if they were kept. */
export async function giveImages(images: readonly string[], { root }: Folders): Promise<boolean> {
  const kept = keptFor(images);
  if (!inTestNode || !existsSync(kept)) return false;
  await cp(kept, root, { recursive: true });
  return true;
}

/** Keeps what the daemon has, these images and no other. */
export async function keepImages(images: readonly string[], { root }: Folders): Promise<void> {
  if (!inTestNode || images.length === 0) return;
  const kept = keptFor(images);
  const unfinished = `${kept}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  for (const folder of STORE) await cp(join(root, folder), join(unfinished, folder), { recursive: true });
  await rename(unfinished, kept);
}
