import { hostCommand } from '../host/host-command.ts';

/** umount's flags. Lazy: the VMM may hold an O_PATH descriptor of anything the guest has looked up (a plain umount gives EBUSY). */
export const LAZY = ['--lazy', '--no-canonicalize'] as const;

/** In the daemon's own mount namespace. */
export async function unmount(point: string): Promise<void> {
  await hostCommand('umount', [...LAZY, point]);
}
