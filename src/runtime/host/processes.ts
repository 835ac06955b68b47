/** The processes of this host. */
import { BoxError } from '../../errors.ts';

/** Of a process that sleeps in the kernel: not even SIGKILL wakes it. It ends when what it waits for comes back. */
export function doesNotEnd(whose: string, pid: number | undefined): BoxError {
  return new BoxError(
    'DEADLINE',
    `process ${pid} of ${whose} was killed and does not end: a device or file system of the host hangs, see /proc/${pid}/stack`,
  );
}
