/** A record that cannot be understood is put out of the way and kept, where the doctor counts it: it blocks nothing, and is not lost. */
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { isBoxError } from '../../errors.ts';
import { setAsideDir } from '../paths.ts';
import { readRecord } from '../store/record-file.ts';
import type { RecoveryTools } from './recovery-tools.ts';

/**
 * Undefined if the record cannot be understood: then it is set aside under `name`, with a line in the log that says what `becomes`
 * of what it was of. A record that cannot be read is another matter (the disk, too many open files): that is thrown.
 */
export async function readOrSetAside<T>(
  context: RecoveryTools,
  path: string,
  schema: z.ZodType<T>,
  name: string,
  becomes: string,
): Promise<T | undefined> {
  try {
    return await readRecord(path, schema);
  } catch (error) {
    if (!isBoxError(error, 'RECORD_INVALID')) throw error;
    const dir = setAsideDir(context.root);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const kept = join(dir, name);
    await rename(path, kept);
    context.log.error({ path: kept, error: error.message }, `record set aside, ${becomes}`);
    return undefined;
  }
}
