import { hostCommand } from '../host/host-command.ts';

/** Lazy: the VMM may hold an O_PATH descriptor of anything the guest has looked up (a plain umount gives EBUSY). */
export async function unmount(point: string): Promise<void> {
  await hostCommand('umount', ['--lazy', '--no-canonicalize', point]);
}
