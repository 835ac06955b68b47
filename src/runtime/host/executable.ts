/** Programs by name. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { errnoOf } from '../../errors.ts';

/** The first folder's executable of this name; the folders are those of PATH, if no others are named. */
export async function findExecutable(
  name: string,
  folders: readonly string[] = (process.env['PATH'] ?? '').split(delimiter),
): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'EACCES') return false;
    throw error;
  }
}
