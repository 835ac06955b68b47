/** The processes of this host. */
import { readdir } from 'node:fs/promises';
import { BoxError, errnoOf } from '../../errors.ts';

/** What reading a file of a process that has ended fails with; EINVAL before it is reaped. */
const GONE = ['ENOENT', 'ESRCH', 'EINVAL'];

/** What `look` finds, over all of them. */
export async function findProcesses<T>(look: (pid: number) => Promise<T | undefined>): Promise<readonly T[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => unlessGone(look(pid))));
  return found.filter((each) => each !== undefined);
}

/** Undefined if the process that is looked at has ended. */
export async function unlessGone<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (GONE.includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Of a process that sleeps in the kernel: not even SIGKILL wakes it. It ends when what it waits for comes back. */
export function doesNotEnd(whose: string, pid: number | undefined): BoxError {
  return new BoxError(
    'DEADLINE',
    `process ${pid} of ${whose} was killed and does not end: a device or file system of the host hangs, see /proc/${pid}/stack`,
  );
}
