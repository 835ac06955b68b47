/** Which sysctls a pod may set. Pure. */
import { BoxError } from '../errors.ts';

/** Those that Linux keeps per namespace, as runc knows them; anything else is the node's, and a pod that sets it expects that. */
const IPC_SYSCTLS: ReadonlySet<string> = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);
const NAMESPACED_TREES = ['net.', 'fs.mqueue.'];

/** INVALID_REQUEST names the first that is not a pod's. Whether it exists and takes the value, the guest's kernel says. */
export function checkSysctls(sysctls: Readonly<Record<string, string>>): void {
  const foreign = Object.keys(sysctls).find(
    (name) => !IPC_SYSCTLS.has(name) && !NAMESPACED_TREES.some((tree) => name.startsWith(tree)),
  );
  if (foreign === undefined) return;
  throw new BoxError(
    'INVALID_REQUEST',
    `sysctl ${foreign} is not namespaced, so that a pod cannot set it: use net.*, fs.mqueue.* or one of ${[...IPC_SYSCTLS].join(', ')}`,
  );
}
