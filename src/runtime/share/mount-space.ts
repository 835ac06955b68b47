/**
 * The mount namespace of a VMM, where a sandbox's volumes are mounted and nowhere else: a host path can be unmounted and deleted
 * on the host while a pod shows it, and the mounts end with the VMM, whatever becomes of the daemon.
 *
 * INVARIANTS
 * - The namespace is a slave of the host's (src/shim/spawn.ts). What the host mounts later appears in it where the host's
 *   mounts are shared, as systemd makes them; nothing comes back.
 * - It is open for the time of one command only: a descriptor that is kept would keep the mounts beyond the VMM's end.
 * - Nothing is mounted, or believed to be, in the namespace of another process that was given the VMM's pid.
 */
import { open, readFile, stat } from 'node:fs/promises';
import { BoxError } from '../../errors.ts';
import { isAlive, type ShimIdentity } from '../../shim/identity.ts';
import { hostCommand } from '../host/host-command.ts';
import { unlessGone } from '../host/processes.ts';
import { mountsBelow, readMountsBelow } from './mount-table.ts';
import { LAZY } from './unmount.ts';

export class MountSpace {
  readonly #vmm: ShimIdentity;

  constructor(vmm: ShimIdentity) {
    this.#vmm = vmm;
  }

  /** GUEST_GONE if the VMM has ended. */
  async mount(args: readonly string[]): Promise<void> {
    if (await this.#run('mount', args)) return;
    throw new BoxError('GUEST_GONE', `the VMM with pid ${this.#vmm.pid} has ended, and so have its mounts`);
  }

  /** Fine if the VMM has ended. */
  async unmount(point: string): Promise<void> {
    await this.#run('umount', [...LAZY, point]);
  }

  /** Mount points at or below `folder`; none if the VMM has ended. */
  async mountsBelow(folder: string): Promise<readonly string[]> {
    const mountinfo = await unlessGone(readFile(`/proc/${this.#vmm.pid}/mountinfo`, 'utf8'));
    return mountinfo === undefined || !isAlive(this.#vmm) ? [] : mountsBelow(mountinfo, folder);
  }

  /** MOUNT_SOURCE unless the VMM sees the same at `path`, and what is mounted below it, as the host does now. */
  async requireVisible(path: string): Promise<void> {
    const [here, there] = await Promise.all([
      stat(path),
      stat(`/proc/${this.#vmm.pid}/root${path}`).catch(() => undefined),
    ]);
    const same = there !== undefined && there.dev === here.dev && there.ino === here.ino;
    // the host first: what another pod's start mounts between the two must not be missed in the VMM
    const wanted = await readMountsBelow(path);
    const seen = new Set(await this.mountsBelow(path));
    if (same && wanted.every((point) => seen.has(point))) return;
    throw new BoxError(
      'MOUNT_SOURCE',
      `mount source ${path}: what was mounted there since the pod's start does not reach its VM: run mount --make-rshared / on the host, then make the pod anew`,
    );
  }

  /** False if the VMM has ended. */
  async #run(command: 'mount' | 'umount', args: readonly string[]): Promise<boolean> {
    const namespace = await unlessGone(open(`/proc/${this.#vmm.pid}/ns/mnt`));
    if (namespace === undefined) return false;
    try {
      // asked only now that it is open: were the VMM gone, this could be the namespace of another process with its pid
      if (!isAlive(this.#vmm)) return false;
      await hostCommand('nsenter', [`--mount=/proc/${process.pid}/fd/${namespace.fd}`, '--', command, ...args]);
      return true;
    } finally {
      await namespace.close();
    }
  }
}
