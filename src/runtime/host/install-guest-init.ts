/** Puts guest-init on the sandboxes' file system, where it can be hard-linked into each root share. */
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../store/folder.ts';
import { syncPath, UNFINISHED } from '../store/record-file.ts';

const EXECUTABLE = 0o555;

/**
 * Returns the path of the copy; it is named by content, so an upgrade never changes a running sandbox's file. One that is there is
 * not trusted by its name: a power loss may have left it empty, if the release that made it did not wait for the disk.
 */
export async function installGuestInit(root: string, source: string): Promise<string> {
  const digest = await digestOf(source);
  const dir = join(root, 'guest');
  const target = join(dir, `init-${digest.slice(0, 16)}`);
  if ((await exists(target)) && (await digestOf(target)) === digest) return target;
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const tmp = target + UNFINISHED;
  await copyFile(source, tmp);
  await syncPath(tmp);
  await chmod(tmp, EXECUTABLE);
  await rename(tmp, target);
  await syncPath(dir);
  return target;
}

async function digestOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
