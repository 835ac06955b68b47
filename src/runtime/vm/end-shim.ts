/** Ending a shim by force, without waiting for it for ever: a process that sleeps in the kernel outlives even SIGKILL. */
import { killExactly, type ShimIdentity } from '../../shim/identity.ts';
import { doesNotEnd } from '../host/processes.ts';
import { settlesWithin } from '../time.ts';

const KILL_LIMIT_MS = 10_000;

/** Returns when `ended` resolves. DEADLINE if it does not: the process is killed, and ends when what it waits for comes back. */
export async function endShim(shim: ShimIdentity, ended: Promise<unknown>, limitMs = KILL_LIMIT_MS): Promise<void> {
  killExactly(shim);
  if (await settlesWithin(ended, limitMs)) return;
  throw doesNotEnd('the VM', shim.pid);
}
