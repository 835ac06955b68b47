/**
 * Images that a world has pulled, kept for the next worlds of the same test node: a pull in each of thirty files was a tenth of all
 * their time. Only in a test node, which is thrown away: what lies here was written by the daemon under test, and by no other.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Crictl } from './crictl.ts';
import type { Folders } from './daemon.ts';

/** What a daemon's root has of its images. */
const STORE = ['layers', 'images'];
const inTestNode = process.env['TESTNODE'] === '1';

function keptFor(images: readonly string[]): string {
  return join(tmpdir(), 'a3s-e2e-images', createHash('sha256').update(images.join('\n')).digest('hex'));
}

/** Before the daemon starts: gives it the images that were kept. */
export async function giveImages(images: readonly string[], { root }: Folders): Promise<void> {
  const kept = keptFor(images);
  if (inTestNode && existsSync(kept)) await cp(kept, root, { recursive: true });
}

/** Pulls them, or finds them where they were given; the first time, keeps them. */
export async function haveImages(images: readonly string[], crictl: Crictl, { root }: Folders): Promise<void> {
  const kept = keptFor(images);
  if (inTestNode && existsSync(kept)) {
    for (const image of images) await crictl.ok('inspecti', '-q', image);
    return;
  }
  for (const image of images) await crictl.ok('pull', image);
  if (!inTestNode || images.length === 0) return;
  const unfinished = `${kept}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  for (const folder of STORE) await cp(join(root, folder), join(unfinished, folder), { recursive: true });
  await rename(unfinished, kept);
}
