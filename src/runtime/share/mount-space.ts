/**
 * The mount namespace of a VMM, where a sandbox's volumes are mounted and nowhere else: a host path can be unmounted and deleted
 * on the host while a pod shows it, and the mounts end with the VMM, whatever becomes of the daemon.
 *
 * INVARIANT: the namespace is a slave of the host's (src/shim/spawn.ts). What the host mounts later appears in it where the host's
 * mounts are shared, as systemd makes them; nothing comes back.
 */
import { readFile, stat } from 'node:fs/promises';
import { BoxError, errnoOf } from '../../errors.ts';
import { hostCommand } from '../host/host-command.ts';
import { mountsBelow, readMountsBelow } from './mount-table.ts';
import { LAZY } from './unmount.ts';

/** What reading a file of a process that has ended fails with; EINVAL before it is reaped. */
const GONE = ['ENOENT', 'ESRCH', 'EINVAL'];

export class MountSpace {
  readonly #pid: number;

  /** The namespace of a process that lives. */
  constructor(pid: number) {
    this.#pid = pid;
  }

  async mount(args: readonly string[]): Promise<void> {
    await this.#run('mount', args);
  }

  async unmount(point: string): Promise<void> {
    await this.#run('umount', [...LAZY, point]);
  }

  /** Mount points at or below `folder`; none if the VMM has ended. */
  async mountsBelow(folder: string): Promise<readonly string[]> {
    try {
      return mountsBelow(await readFile(`/proc/${this.#pid}/mountinfo`, 'utf8'), folder);
    } catch (error) {
      if (GONE.includes(errnoOf(error) ?? '')) return [];
      throw error;
    }
  }

  /** MOUNT_SOURCE unless the VMM sees the same at `path`, and what is mounted below it, as the host does now. */
  async requireVisible(path: string): Promise<void> {
    const [here, there] = await Promise.all([
      stat(path),
      stat(`/proc/${this.#pid}/root${path}`).catch(() => undefined),
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

  async #run(command: 'mount' | 'umount', args: readonly string[]): Promise<void> {
    await hostCommand('nsenter', [`--mount=/proc/${this.#pid}/ns/mnt`, '--', command, ...args]);
  }
}
