/** The daemon's secret, from which each sandbox's per-boot token is derived: no token stands in any state file. */
import { createHmac, randomBytes } from 'node:crypto';
import { link, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxError, errnoOf } from '../../errors.ts';
import { UNFINISHED } from '../store/record-file.ts';

const KEY_BYTES = 32;
const KEY_MODE = 0o600;

/** Reads `<root>/token-key`, made on the first start. A damaged one is an error: with a new key, running VMs would be lost. */
export async function openTokenKey(root: string): Promise<(sandboxId: string) => string> {
  const path = join(root, 'token-key');
  const key = (await readKey(path)) ?? (await makeKey(path));
  if (key.length !== KEY_BYTES) {
    throw new BoxError(
      'RECORD_INVALID',
      `${path} holds ${key.length} bytes, not ${KEY_BYTES}: restore it, or delete it to give up running sandboxes`,
    );
  }
  return (sandboxId) => createHmac('sha256', key).update(sandboxId).digest('hex');
}

async function readKey(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written aside, synced, then linked into place: the file is never there half written. One left half written aside is overwritten. */
async function makeKey(path: string): Promise<Buffer> {
  const key = randomBytes(KEY_BYTES);
  const tmp = path + UNFINISHED;
  const file = await open(tmp, 'w', KEY_MODE);
  try {
    await file.writeFile(key);
    await file.sync();
  } finally {
    await file.close();
  }
  await link(tmp, path);
  await unlink(tmp);
  return key;
}
