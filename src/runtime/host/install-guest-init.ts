/** Puts guest-init on the sandboxes' file system, where it can be hard-linked into each root share. */
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../store/folder.ts';

const EXECUTABLE = 0o555;

/** Returns the path of the copy; it is named by content, so an upgrade never changes a running sandbox's file. */
export async function installGuestInit(root: string, source: string): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(source))
    .digest('hex');
  const dir = join(root, 'guest');
  const target = join(dir, `init-${digest.slice(0, 16)}`);
  if (await exists(target)) return target;
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const tmp = `${target}.${process.pid}`;
  await copyFile(source, tmp);
  await chmod(tmp, EXECUTABLE);
  await rename(tmp, target);
  return target;
}
