/** Looking at folders that may not be there. */
import { access, readdir } from 'node:fs/promises';
import { errnoOf } from '../../errors.ts';

/** The names in a folder; none if it does not exist. */
export async function listFolder(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
