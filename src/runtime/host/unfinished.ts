/** The daemon's own files, which are written aside under a name of this kind and then put into place. */
import { join } from 'node:path';
import { removeLeftover } from '../../remove-leftover.ts';
import type { Log } from '../log.ts';
import { listFolder } from '../store/folder.ts';

/** By folder below the root. Builds before this list had the daemon's pid where `.tmp` stands; no release has. */
const UNFINISHED_NAMES: Readonly<Record<string, RegExp>> = {
  '.': /^token-key\.(?:tmp|\d+)$/,
  guest: /^init-[0-9a-f]{16}\.(?:tmp|\d+)$/,
  templates: /^scratch-\d+\.ext4\.tmp$/,
};

/** Removes those that a daemon which died has left below the root. To be called before any is made. */
export async function removeUnfinished(root: string, log: Log): Promise<void> {
  for (const [folder, pattern] of Object.entries(UNFINISHED_NAMES)) {
    const dir = join(root, folder);
    for (const name of (await listFolder(dir)).filter((each) => pattern.test(each)))
      await removeLeftover('unfinished file', join(dir, name), log);
  }
}
