/** Tells of changes in the folder of CNI configurations as they happen, for the log: whoever needs the network reads the folder itself. */
import { watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { messageOf } from '../../../errors.ts';
import type { Log } from '../../log.ts';

/**
 * Calls `look` after every change in `dir`, once for all that happen while it is under way. Makes the folder if it is not there,
 * for what is not there cannot be watched; a folder that cannot be made or watched is only logged. The caller ends it.
 */
export async function watchConfigurations(dir: string, look: () => Promise<void>, log: Log): Promise<() => void> {
  const problem = (error: unknown): void => {
    log.warn(
      { dir, error: messageOf(error) },
      'CNI configurations are not watched: a change counts, but shows in no log',
    );
  };
  const coalesced = coalesce(look);
  try {
    await mkdir(dir, { recursive: true });
    const watcher = watch(dir, { persistent: false }, () => void coalesced().catch(problem)).on('error', problem);
    return () => watcher.close();
  } catch (error) {
    problem(error);
    return () => undefined;
  }
}

/** One at a time; calls that come meanwhile are one more, afterwards. */
function coalesce(work: () => Promise<void>): () => Promise<void> {
  let [running, again] = [false, false];
  return async () => {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again) {
        again = false;
        await work();
      }
    } finally {
      running = false;
    }
  };
}
